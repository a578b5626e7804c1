import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { none, type Result, resultsFolder, root } from "./results.ts";

/** The part of vitest 5.1's JSON report that is read here. */
type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly unknown[];
  }[];
};

/** Runs vitest projects on this terminal and counts. Never throws; a run without a report counts as one failure. */
export const runProjects = async (
  projects: readonly string[],
  more: readonly string[],
): Promise<Result> => {
  const file = `${resultsFolder}/.vitest-${projects.join("-")}.json`;
  rmSync(file, { force: true });
  const code = await runVitest([
    "run",
    ...projects.flatMap((project) => ["--project", project]),
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    ...more,
  ]);
  return judge(readReport(file), code);
};

/**
 * A file that could not be loaded has no tests to count: it is one failure. So is a run that ended badly though every
 * test passed (an unhandled rejection, a worker that died).
 */
export const judge = (report: Report | undefined, exitCode: number): Result => {
  if (report === undefined) return { ...none, failed: 1 };
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + unloaded;
  return {
    passed: report.numPassedTests,
    failed: exitCode !== 0 && failed === 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
};

const readReport = (file: string): Report | undefined => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
};

const runVitest = (args: readonly string[]): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [`${root}/node_modules/vitest/vitest.mjs`, ...args], {
      cwd: root,
      stdio: "inherit",
      env: {
        ...process.env,
        PATH: `${root}/node_modules/.bin:${process.env.PATH ?? ""}`,
        NODE_COMPILE_CACHE: `${root}/.cache/compile`,
      },
    });
    child.on("error", () => resolve(127));
    child.on("close", (code) => resolve(code ?? 128));
    // A terminal's Ctrl-C reaches vitest by itself; a plain kill of this process must too.
    process.once("SIGTERM", () => child.kill("SIGTERM"));
  });
