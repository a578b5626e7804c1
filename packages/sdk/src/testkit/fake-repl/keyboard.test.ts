import { expect, test } from "vitest";
import { makeKeyboard } from "./keyboard.ts";

const typed = (...chunks: readonly string[]) => {
  const keyboard = makeKeyboard();
  return chunks.flatMap((chunk) => keyboard(chunk));
};

test("keys and lines", () => {
  expect(typed("ab\r", "\u0003\u0004\u007f")).toEqual([
    { typed: "text", text: "ab" },
    { typed: "enter" },
    { typed: "interrupt" },
    { typed: "end" },
    { typed: "erase" },
  ]);
});

test("a paste is one text, its line ends are no Enter, in whatever pieces it comes", () => {
  const paste = "\u001b[200~one\rtwo\u001b[201~\r";
  const whole = [{ typed: "text", text: "one\ntwo" }, { typed: "enter" }];
  expect(typed(paste)).toEqual(whole);
  expect(typed(...paste.split(""))).toEqual(whole);
});

test("cursor keys and a terminal's answers are no text", () => {
  expect(typed("\u001b[24;1R\u001b[?1;2c\u001b[", "Aa")).toEqual([{ typed: "text", text: "a" }]);
});
