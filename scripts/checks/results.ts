import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export type Result = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed and why, a few lines each: `.ci/run` says it again at its very end, where it is read first. */
  readonly failures: readonly string[];
};

export const none: Result = { passed: 0, failed: 0, skipped: 0, failures: [] };

export const failure = (words: string): Result => ({ ...none, failed: 1, failures: [words] });

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

export const resultsFolder = `${root}/.cache/results`;

export const resultFile = (suite: string) => `${resultsFolder}/${suite}.json`;

export const add = (a: Result, b: Result): Result => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
  failures: [...a.failures, ...b.failures],
});

export const writeResult = (suite: string, result: Result): void => {
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(resultFile(suite), `${JSON.stringify(result)}\n`);
};
