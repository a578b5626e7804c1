import { spawn } from "node:child_process";
import { add, failure, none, type Result, root } from "./results.ts";

type Check = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly remedy: string;
};

const CHECKS: readonly Check[] = [
  { name: "types", command: "tsc", args: ["-p", "."], remedy: "" },
  { name: "lint", command: "oxlint", args: ["--no-error-on-unmatched-pattern"], remedy: "" },
  { name: "format", command: "oxfmt", args: ["--check"], remedy: "Run: npm run format\n" },
];

/** All at once: each takes about a second, mostly of one core. One line for each; its own words only when it fails. */
export const runStaticChecks = async (): Promise<Result> =>
  (await Promise.all(CHECKS.map(runCheck))).reduce(add, none);

const runCheck = async (check: Check): Promise<Result> => {
  const began = performance.now();
  const { passed, output } = await run(check);
  const time = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  console.log(`${passed ? "ok    " : "FAILED"} ${check.name} (${time})`);
  if (!passed) console.log(`${output.trimEnd()}\n${check.remedy}`);
  return passed ? { ...none, passed: 1 } : failure(`${check.name}\n${output.trimEnd()}`);
};

const run = ({ command, args }: Check): Promise<{ passed: boolean; output: string }> =>
  new Promise((resolve) => {
    let output = "";
    const child = spawn(`${root}/node_modules/.bin/${command}`, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      // The tools' launchers ask for `node`: ours, whatever the caller's PATH says.
      env: { ...process.env, PATH: `${root}/node_modules/.bin:${process.env.PATH ?? ""}` },
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", (error) => resolve({ passed: false, output: error.message }));
    child.on("close", (code) => resolve({ passed: code === 0, output }));
  });
