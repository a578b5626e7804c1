/**
 * Runs one suite: the quick static checks that belong to it, then its test projects. Words after the suite's name go to
 * vitest (`npm test -- tests/cli -t wait`). Exit 0 only when everything passed and nothing was skipped.
 * What came of it lies in .cache/results/<suite>.json, for `.ci/run` to add up.
 */
import { rmSync } from "node:fs";
import { runStaticChecks } from "./checks/static.ts";
import { runProjects } from "./checks/projects.ts";
import { add, none, resultFile, writeResult } from "./checks/results.ts";

const SUITES: Record<string, { readonly checks: boolean; readonly projects: readonly string[] }> = {
  verify: { checks: true, projects: ["unit"] },
  test: { checks: true, projects: ["unit", "integration"] },
  agents: { checks: false, projects: ["agents"] },
  hosts: { checks: false, projects: ["hosts"] },
  crash: { checks: false, projects: ["crash"] },
};

const [name = "", ...vitestArgs] = process.argv.slice(2);
const suite = SUITES[name];
if (suite === undefined) {
  console.error(`Unknown suite '${name}'. Known: ${Object.keys(SUITES).join(", ")}`);
  process.exit(1);
}

rmSync(resultFile(name), { force: true });
const checks = suite.checks ? await runStaticChecks() : none;
const tests = await runProjects(suite.projects, vitestArgs);
const total = add(checks, tests);
writeResult(name, total);

if (checks.failed > 0)
  console.error(`${checks.failed} of the static checks failed; see above the tests.`);
if (total.skipped > 0)
  console.error(`${total.skipped} tests were skipped; a skipped test counts as failed here.`);
process.exitCode = total.failed === 0 && total.skipped === 0 ? 0 : 1;
