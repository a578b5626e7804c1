import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { failure, type Result, resultsFolder, root } from "./results.ts";

/** The part of vitest 5.1's JSON report that is read here. */
type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    /** Why the file could not be loaded. */
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
};

/** Of one failure's message: what went wrong stands first, what led to it (the end of a session's log) last. */
const FIRST_LINES = 6;
const LAST_LINES = 12;
const LINE_CHARACTERS = 400;

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
  if (report === undefined) return failure(`vitest ended with ${exitCode} and left no report`);
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  const failed = report.numFailedTests + unloaded.length;
  const failures = [
    ...unloaded.map((file) => told(file.name, "could not be loaded", [file.message ?? ""])),
    ...report.testResults.flatMap((file) =>
      file.assertionResults
        .filter((test) => test.status === "failed")
        .map((test) => told(file.name, test.fullName, test.failureMessages ?? [])),
    ),
  ];
  const broken = exitCode !== 0 && failed === 0;
  return {
    passed: report.numPassedTests,
    failed: broken ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: broken ? [`every test passed, yet vitest ended with ${exitCode}`] : failures,
  };
};

const told = (file: string, test: string, messages: readonly string[]): string =>
  [
    `${file.replace(`${root}/`, "")}: ${test}`,
    ...ends(messages.join("\n").split("\n")).map((line) => line.slice(0, LINE_CHARACTERS)),
  ].join("\n    ");

const ends = (lines: readonly string[]): readonly string[] =>
  lines.length <= FIRST_LINES + LAST_LINES
    ? lines
    : [...lines.slice(0, FIRST_LINES), "...", ...lines.slice(-LAST_LINES)];

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
