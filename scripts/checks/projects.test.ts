import { expect, test } from "vitest";
import { judge } from "./projects.ts";

const report = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: "passed", assertionResults: [{}, {}, {}] }],
};

test("a good run is counted as it is", () => {
  expect(judge(report, 0)).toEqual({ passed: 3, failed: 0, skipped: 0 });
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

test("a file that could not be loaded is a failure", () => {
  const testResults = [...report.testResults, { status: "failed", assertionResults: [] }];
  expect(judge({ ...report, testResults }, 1).failed).toBe(1);
});
