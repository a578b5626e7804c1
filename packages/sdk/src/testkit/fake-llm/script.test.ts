import { expect, test } from "vitest";

import { parseScript } from "./script.ts";

test.each([
  ["no word", []],
  ["pong RUNNING SAYING re-RUN WRITE_X", []],
  ["Reply with exactly: PONG.", [{ word: "PONG" }]],
  ["SAY FAIL 500", [{ word: "SAY", text: "FAIL 500" }]],
  ["SAY", [{ word: "SAY", text: "" }]],
  ['WRITE "a b.txt" c d', [{ word: "WRITE", path: "a b.txt", text: "c d" }]],
  ['EDIT f "old words" new', [{ word: "EDIT", path: "f", old: "old words", new: "new" }]],
  ['EDIT f gone ""', [{ word: "EDIT", path: "f", old: "gone", new: "" }]],
  ["TOOL ping", [{ word: "TOOL", name: "ping", input: {} }]],
  ["SLOW 0.5", [{ word: "SLOW", seconds: 0.5 }]],
  ["SLOW 2 /tmp/go", [{ word: "SLOW", seconds: 2, file: "/tmp/go" }]],
  ["FAILONCE 529 overloaded now", [{ word: "FAILONCE", status: 529, text: "overloaded now" }]],
  ["RUN a\r\n\r\nsay PONG", [{ word: "RUN", command: "a" }, { word: "PONG" }]],
])("%j is read", (prompt, steps) => {
  expect(parseScript(prompt)).toEqual(steps);
});

test.each([
  "RUN",
  "WRITE",
  "EDIT f a b c",
  "EDIT f",
  "TOOL",
  "TOOL x [1]",
  "TOOL x {",
  "ASK a|b",
  "ASK |a|b",
])("%j is unclear", (prompt) => {
  expect(parseScript(prompt)).toMatchObject([{ word: "unclear" }]);
});

test.each(["SLOW", "SLOW x", "SILENT -1", "SILENT 9999", "FAIL", "FAIL 200", "FAIL 4.5"])(
  "%j is unclear",
  (prompt) => {
    expect(parseScript(prompt)).toMatchObject([{ word: "unclear" }]);
  },
);

test("a prompt has at most 50 steps", () => {
  expect(parseScript("RUN x\n".repeat(60))).toHaveLength(50);
});
