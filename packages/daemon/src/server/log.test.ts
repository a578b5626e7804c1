import { expect, test } from "vitest";
import { loggedPath, printable } from "./log.ts";

test.each([
  ["plain words", "plain words"],
  ["a\r\nb", "a\\u000d\\u000ab"],
  ["\u001b[2Jx", "\\u001b[2Jx"],
  ["\u009b31m", "\\u009b31m"],
  ["\u202etxt.exe", "\\u202etxt.exe"],
  ["a\u200bb\u2028c", "a\\u200bb\\u2028c"],
  ["grün 😀", "grün 😀"],
])("%j is written as %s", (text, written) => {
  expect(printable(text)).toBe(written);
});

test("a line is bounded", () => {
  expect(printable("x".repeat(10_000)).length).toBeLessThan(300);
});

test("a query never reaches the log: codes and secrets travel there", () => {
  expect(loggedPath("/login?code=secret")).toBe("/login");
  expect(loggedPath("/api/x#secret")).toBe("/api/x");
  expect(loggedPath("/a\r\nGET /b?c")).toBe("/a\\u000d\\u000aGET /b");
});
