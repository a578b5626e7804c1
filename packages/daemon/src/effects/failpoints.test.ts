import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { makeFailpoint, noFailpoint } from "./failpoints.ts";

it("kills the n-th time that its point is passed on its side, and only then", () => {
  let killed = 0;
  const failpoint = makeFailpoint("commit:after:2", () => killed++);
  failpoint("commit", "before");
  failpoint("publish", "after");
  failpoint("commit", "after");
  expect(killed).toBe(0);
  failpoint("commit", "after");
  expect(killed).toBe(1);
});

it("counts from when its file is there", () => {
  const folder = mkdtempSync(join(tmpdir(), "skein-failpoint-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "with:colon");
  let killed = 0;
  const failpoint = makeFailpoint(`spawn:before:1:${file}`, () => killed++);
  failpoint("spawn", "before");
  expect(killed).toBe(0);
  writeFileSync(file, "");
  failpoint("spawn", "before");
  expect(killed).toBe(1);
});

it("is nothing at all in ordinary life", () => {
  expect(makeFailpoint(undefined, () => undefined)).toBe(noFailpoint);
  expect(makeFailpoint("", () => undefined)).toBe(noFailpoint);
});
