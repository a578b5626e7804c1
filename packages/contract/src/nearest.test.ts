import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const OPERATIONS = ["sessions.list", "sessions.get", "approvals.resolve"];
const SETTINGS = ["backends", "server"];

test.each([
  ["sessions.lst", OPERATIONS, "sessions.list"],
  ["SESSIONS.GET", OPERATIONS, "sessions.get"],
  ["approvals.resolv", OPERATIONS, "approvals.resolve"],
  ["", OPERATIONS, null],
  ["something else entirely", OPERATIONS, null],
  ["x".repeat(100_000), OPERATIONS, null],
  ["Backend", SETTINGS, "backends"],
  ["qqqq", SETTINGS, null],
  ["anything", [], null],
])("what %.20s most likely means", (typed, known, expected) => {
  expect(nearest(typed, known)).toBe(expected);
});
