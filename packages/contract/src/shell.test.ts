import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { exportLines, quote, quoteAll } from "./shell.ts";

const nasty = fc.constantFrom(
  ...Array.from("'\"\\`$!*?[]{}()<>|&;#~=%^- \t\n\r\u0001\u001b\u007f"),
  "Á",
  "☃",
  "😀",
  "$(id)",
  "\\c",
  "\\0101",
  "%s",
  "''",
  "\n\n",
  "-n",
);
const word = fc
  .array(fc.oneof(nasty, fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 12 })
  .map((parts) => parts.join("").replaceAll("\0", ""));

const sh = (script: string): string => {
  const told = spawnSync("/bin/sh", ["-s"], { input: script, maxBuffer: 64 * 1024 * 1024 });
  return told.stdout.toString("utf8");
};

test("words come out of a real shell as they went in, as arguments and as variables", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (all) => {
      const variables = Object.fromEntries(all.map((one, n) => [`V${n}`, one]));
      const told = sh(
        `for w in ${quoteAll(all)}; do printf '%s\\000' "$w"; done\n` +
          `${exportLines(variables)}\n${all.map((_, n) => `printf '%s\\000' "$V${n}"`).join("\n")}`,
      );
      expect(told).toBe([...all, ...all].map((one) => `${one}\0`).join(""));
    }),
    { numRuns: 40 },
  );
});

test("a NUL is refused, for it would end the word", () => {
  expect(() => quote("a\0b")).toThrow("NUL");
});

test("no name that a shell cannot export comes near it", () => {
  const env = { GOOD: "1", "a-b": "2", "x;id": "3", "": "4", "1a": "5", PPID: "6" };
  expect(exportLines(env)).toBe("export GOOD='1'");
});
