/** Whoever else makes a folder between the look and the making. */
import type * as Fs from "node:fs";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeFolders } from "./folders.ts";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  return { ...fs, existsSync: (path: string) => !path.includes("late") && fs.existsSync(path) };
});

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "skein-folders-"));
});
afterEach(() => rmSync(place, { recursive: true }));

test("a folder that is made by another meanwhile is no error", () => {
  mkdirSync(join(place, "late"));
  makeFolders(join(place, "late", "logs"), 0o700);
  expect(statSync(join(place, "late", "logs")).mode & 0o777).toBe(0o700);
});

test("a file in its place is", () => {
  writeFileSync(join(place, "late"), "");
  expect(() => makeFolders(join(place, "late"), 0o700)).toThrow(/EEXIST/);
});
