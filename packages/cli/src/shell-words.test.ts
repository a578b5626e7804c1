import { expect, test } from "vitest";
import { shellWords } from "./shell-words.ts";

test.each([
  ["aider --model x", ["aider", "--model", "x"]],
  ["  a\tb \n c ", ["a", "b", "c"]],
  [`a 'b c' "d e" f\\ g`, ["a", "b c", "d e", "f g"]],
  [`a''b '' ""`, ["ab", "", ""]],
  [`"a \\"b\\" \\n \\\\" 'c\\'`, ['a "b" \\n \\', "c\\"]],
  ["$HOME `x` $(y) * ~ a;b > c", ["$HOME", "`x`", "$(y)", "*", "~", "a;b", ">", "c"]],
  ["", []],
])("%s", (line, words) => {
  expect(shellWords(line)).toEqual(words);
});

test.each([`a 'b`, `a "b`, "a \\"])("%s is not closed", (line) => {
  expect(() => shellWords(line)).toThrow(/not closed/);
});
