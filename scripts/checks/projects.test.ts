import { expect, test } from "vitest";
import { judge } from "./projects.ts";

const report = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [
    {
      name: "a.test.ts",
      status: "passed",
      assertionResults: [{ status: "passed", fullName: "a" }],
    },
  ],
};

test("a good run is counted as it is", () => {
  expect(judge(report, 0)).toEqual({ passed: 3, failed: 0, skipped: 0, failures: [] });
});

test("skipped and left-to-do tests are told apart from passed ones", () => {
  expect(judge({ ...report, numPendingTests: 1, numTodoTests: 2 }, 0).skipped).toBe(3);
});

test("a run that left no report is a failure", () => {
  expect(judge(undefined, 0).failed).toBe(1);
});

test("a bad ending is a failure though every test passed", () => {
  expect(judge(report, 1).failed).toBe(1);
});

const unloadable = { name: "b.test.ts", status: "failed", assertionResults: [] };

test("a test that failed is told of by its file, its name and the beginning of what it said", () => {
  const failed = {
    status: "failed",
    fullName: "waits",
    failureMessages: ["Error: late\n    at b.ts"],
  };
  const testResults = [{ name: "b.test.ts", status: "failed", assertionResults: [failed] }];
  expect(judge({ ...report, numFailedTests: 1, testResults }, 1).failures).toEqual([
    "b.test.ts: waits\n    Error: late\n        at b.ts",
  ]);
});

test("of a long message the two ends are told, of a long line its beginning", () => {
  const lines = ["Error: late", "x".repeat(1000), ...Array.from({ length: 50 }, (_, i) => `${i}`)];
  const failed = { status: "failed", fullName: "waits", failureMessages: [lines.join("\n")] };
  const testResults = [{ name: "b.test.ts", status: "failed", assertionResults: [failed] }];
  const [told] = judge({ ...report, numFailedTests: 1, testResults }, 1).failures;
  const words = told!.split("\n").map((line) => line.trim());
  expect(words.slice(0, 2)).toEqual(["b.test.ts: waits", "Error: late"]);
  expect(words[2]).toHaveLength(400);
  expect(words.slice(6, 10)).toEqual(["3", "...", "38", "39"]);
  expect(words.at(-1)).toBe("49");
});

test("a file that could not be loaded is a failure", () => {
  const testResults = [...report.testResults, unloadable];
  const result = judge({ ...report, testResults }, 1);
  expect(result.failed).toBe(1);
  expect(result.failures[0]).toContain("b.test.ts");
});
