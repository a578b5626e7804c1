import { expect, test } from "vitest";
import { LIMITS } from "./limits.ts";
import { cleanTitle } from "./terminal-title.ts";

test("a title is one line of text that reads as it is written, and not too long", () => {
  expect(cleanTitle("gr\u00f6\u00dfe \u65e5\u672c \u{1f642} <b>")).toBe(
    "gr\u00f6\u00dfe \u65e5\u672c \u{1f642} <b>",
  );
  expect(cleanTitle("a\u001b]0;b\nc\u009bd\u2028e")).toBe("a ]0;b c d e");
  expect(cleanTitle("exe.\u202etxt\u2066\u200f!")).toBe("exe.txt!");
  expect(Array.from(cleanTitle("\u{1f642}".repeat(1_000)))).toEqual(
    Array.from({ length: LIMITS.terminalTitleChars }, () => "\u{1f642}"),
  );
});
