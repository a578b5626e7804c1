import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flat, json, oneLine, visible } from "./escape.ts";

/** What a terminal obeys, said in another way than in the code under test: by category. */
const isObeyed = (character: string): boolean =>
  character !== "\n" && character !== "\t" && /[\p{Cc}\p{Cs}\p{Bidi_Control}]/u.test(character);

/** Any code points, halves of pairs among them; most from where the controls are. */
const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xff }),
      fc.integer({ min: 0x2000, max: 0x2070 }),
      fc.integer({ min: 0xe0000, max: 0xe00ff }),
      fc.integer({ min: 0, max: 0x10ffff }),
    ),
  )
  .map((codes) => String.fromCodePoint(...codes));

describe("visible", () => {
  test.each([
    ["a colour sequence", "\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"],
    ["a clipboard write", "\x1b]52;c;cm0gLXJmIH4=\x07", "\\x1b]52;c;cm0gLXJmIH4=\\x07"],
    ["an 8-bit CSI", "\x9b2J", "\\x9b2J"],
    ["a carriage return that hides a line", "rm -rf /\rls", "rm -rf /\\x0dls"],
    ["backspaces", "evil\b\b\b\bgood", "evil\\x08\\x08\\x08\\x08good"],
    ["NUL and DEL", "a\0b\x7f", "a\\x00b\\x7f"],
    ["a right-to-left override", "user\u202egnp.exe", "user\\u202egnp.exe"],
    [
      "isolates and marks",
      "\u2066a\u2069\u200e\u200f\u061c",
      "\\u2066a\\u2069\\u200e\\u200f\\u061c",
    ],
    ["hidden tag characters", "hi\u{e0041}", "hi\\u{e0041}"],
    ["half of a pair", "a\ud800b", "a\\ud800b"],
  ])("%s is written out", (_, text, expected) => {
    expect(visible(text)).toBe(expected);
  });

  test("newlines, tabs, letters of all scripts and joined emoji pass unchanged", () => {
    const text = "line\n\tנמר 虎 👩‍💻 café ﷽ \\x1b";
    expect(visible(text)).toBe(text);
  });

  test("nothing that a terminal obeys is left of any text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect([...visible(text)].filter(isObeyed)).toEqual([]);
      }),
    );
  });
});

test("oneLine leaves no way to begin a line or a column", () => {
  expect(oneLine("a\nb\tc\x1b")).toBe("a\\nb\\tc\\x1b");
});

describe("json", () => {
  test("writes out what JSON.stringify leaves", () => {
    expect(json("\x1b\x7f\x9b\u202e\u{e0041}")).toBe(
      '"\\u001b\\u007f\\u009b\\u202e\\udb40\\udc41"',
    );
  });

  test("reads back as the same value, and holds nothing that a terminal obeys", () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyText, (value, text) => {
        const both = JSON.parse(JSON.stringify([value, text])) as unknown;
        expect(JSON.parse(json(both, 2))).toEqual(both);
        expect([...json(both, 2)].filter(isObeyed)).toEqual([]);
      }),
    );
  });
});

describe("flat", () => {
  test("is one line that a terminal has nothing to obey in, and a reader nothing to wonder at", () => {
    expect(flat("  Fix the\n\n\tlogin \x1b[31mbug\x07\u202e\n")).toBe("Fix the login [31mbug");
  });
});
