import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test.each([
  ["sessions.lst", "sessions.list"],
  ["SESSIONS.GET", "sessions.get"],
  ["approvals.resolv", "approvals.resolve"],
  ["", undefined],
  ["something else entirely", undefined],
])("%j is near %j", (typed, expected) => {
  expect(nearest(typed, ["sessions.list", "sessions.get", "approvals.resolve"])).toBe(expected);
});
