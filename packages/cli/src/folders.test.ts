import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolders, makeOne } from "./folders.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "skein-folders-"));
});
afterEach(() => rmSync(place, { recursive: true }));

test("what is missing of a path is made, with its mode", () => {
  makeFolders(join(place, "state", "logs"), 0o700);
  for (const made of ["state", "state/logs"])
    expect(statSync(join(place, made)).mode & 0o777).toBe(0o700);
});

test("a folder that another made since it was missed is no error", () => {
  mkdirSync(join(place, "late"));
  makeOne(join(place, "late"), 0o700);
  expect(statSync(join(place, "late")).isDirectory()).toBe(true);
});

test("a file in its place is", () => {
  writeFileSync(join(place, "late"), "");
  expect(() => makeOne(join(place, "late"), 0o700)).toThrow(/EEXIST/);
});
