import { expect, test } from "vitest";
import { makePattern, matches } from "./pattern.ts";

test("a pattern is tried on the line, and on the line with the blank that a screen loses", () => {
  const prompt = makePattern("^> $")!;
  expect(matches(prompt, ">")).toBe(true);
  expect(matches(prompt, "> x")).toBe(false);
});

test("one that would take years is given up within its deadline, and not tried again", () => {
  const slow = makePattern("^(a+)+$")!;
  const began = performance.now();
  expect(slow.test(`${"a".repeat(60)}b`)).toBe(null);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(slow.test("a")).toBe(null);
});

test("what is no regular expression is none", () => {
  expect(makePattern("(")).toBe(null);
});

test("a very long line is looked at only at its beginning", () => {
  expect(makePattern("end$")!.test(`${"x".repeat(5_000)}end`)).toBe(false);
});
