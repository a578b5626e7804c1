import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { quote, quoteAll } from "@skein/contract";
import { oneLine, READER } from "./script.ts";

/** What shells treat in ways of their own, and bytes that dash uses for itself (0x81 to 0x88). */
const nasty = fc.constantFrom(
  ...Array.from("'\"\\`$!*?[]{}()<>|&;#~=%^- \t\n\r\u0001\u001b\u007f"),
  "Á",
  "\u0081",
  "\u0088",
  "☃",
  "😀",
  "$(id)",
  "\\c",
  "\\0101",
  "%s",
  "''",
  "\n\n",
);
const word = fc
  .array(fc.oneof(nasty, fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 12 })
  .map((parts) => parts.join("").replaceAll("\0", ""));

/** A script, as a shell over there gets it: one line, and what follows is the script's own. */
const runThere = (script: string, rest = ""): string => {
  const input = Buffer.from(oneLine(script) + rest);
  const told = spawnSync("/bin/sh", ["-c", READER], { input, maxBuffer: 64 * 1024 * 1024 });
  return told.stdout.toString("utf8");
};

test(
  "every string without NUL comes out of a real shell as it went in, and so does what follows the script",
  { timeout: 30_000 },
  () => {
    const batch = fc.array(word, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(batch, word, (all, rest) => {
        const told = runThere(
          `for w in ${quoteAll(all)}; do printf '%s\\000' "$w"; done; cat`,
          rest,
        );
        expect(told).toBe(`${all.map((one) => `${one}\0`).join("")}${rest}`);
      }),
      { numRuns: 40 },
    );
  },
);

test("a script is one line of printable ASCII, whatever stands in it", () => {
  fc.assert(
    fc.property(word, (text) => {
      expect(oneLine(text)).toMatch(/^[ -~]*\n$/);
    }),
  );
});

test("a long word is no other than a short one", () => {
  const long = "é'\\\n".repeat(10_000);
  expect(runThere(`printf %s ${quote(long)}`)).toBe(long);
});
