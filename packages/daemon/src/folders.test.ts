import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closeFolder, makeFolder } from "./folders.ts";

test("a folder is made with those above it, for the owner alone, and is no error when it is there", () => {
  const place = mkdtempSync(join(tmpdir(), "skein-folders-"));
  try {
    const wanted = join(place, "a", "b");
    makeFolder(wanted);
    makeFolder(wanted);
    expect(statSync(wanted).mode & 0o777).toBe(0o700);
    writeFileSync(join(place, "file"), "");
    expect(() => makeFolder(join(place, "file"))).toThrow(/EEXIST/);
    expect(() => makeFolder(join(place, "file", "below"))).toThrow(/ENOTDIR/);
  } finally {
    rmSync(place, { recursive: true });
  }
});

test("a folder that cannot be made is said so, and not tried for ever", () => {
  expect(() => makeFolder("/proc/nope/run")).toThrow(/ENOENT/);
});

test("a folder that others may look into is closed to them, and that is said once", () => {
  const place = mkdtempSync(join(tmpdir(), "skein-folders-"));
  try {
    chmodSync(place, 0o755);
    expect(closeFolder(place)).toBe("755");
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(closeFolder(place)).toBeNull();
    chmodSync(place, 0o1777);
    expect(() => closeFolder(place)).toThrow("it is meant for everyone");
    expect(statSync(place).mode & 0o7777).toBe(0o1777);
  } finally {
    rmSync(place, { recursive: true });
  }
});
