import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  compare,
  mustBeOurs,
  readText,
  stamped,
  stampPlace,
  versionOf,
  writeText,
} from "./stamp.ts";

const text = stamped(`one\n# ${stampPlace(3)}\ntwo\n`);
const older = stamped(`one\n# ${stampPlace(2)}\nbefore\n`);

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "skein-stamp-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
};

test("a stamped text is told from one that was changed, in the text or in the stamp", () => {
  expect(compare(null, text)).toBe("absent");
  expect(compare(text, text)).toBe("same");
  expect(compare(older, text)).toBe("older");
  expect(compare(older.replace("before", "after"), text)).toBe("changed");
  expect(compare(older.replace("v2", "v1"), text)).toBe("changed");
  expect(compare(`${text}\n`, text)).toBe("changed");
  expect(compare("one\ntwo\n", text)).toBe("foreign");
  expect(compare("", text)).toBe("foreign");
  expect(versionOf(text)).toBe(3);
  expect(versionOf("one")).toBeNull();
  expect(() => stamped("without a place")).toThrow("place");
});

test("what a person made or changed is refused, unless they force it", () => {
  for (const found of ["absent", "same", "older"] as const)
    expect(() => mustBeOurs(found, "/x", false)).not.toThrow();
  for (const found of ["changed", "foreign"] as const) {
    expect(() => mustBeOurs(found, "/x", false)).toThrow("/x was");
    expect(() => mustBeOurs(found, "/x", true)).not.toThrow();
  }
});

test("a text is written whole or not at all, and what cannot be is said", () => {
  const place = folder();
  const file = join(place, "below", "file");
  writeText(file, "first");
  writeText(file, "second");
  expect(readFileSync(file, "utf8")).toBe("second");
  expect(readdirSync(join(place, "below"))).toEqual(["file"]);
  expect(readText(join(place, "none"))).toBeNull();
  expect(() => readText(place)).toThrow("cannot be read");
  expect(() => writeText(join(file, "under-a-file"), "x")).toThrow("cannot be written");
  // Where nothing can be made, for root neither, that is said at once.
  expect(() => writeText("/proc/skein/below/file", "x")).toThrow("cannot be written");
  chmodSync(file, 0o600);
  writeFileSync(file, "x".repeat(1_048_577));
  // Too long to be one of ours: it is not read, and counts as somebody else's.
  expect(compare(readText(file), text)).toBe("foreign");
});
