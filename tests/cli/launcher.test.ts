/** The launcher `skein` of a clone, on a stand-in for its Node: what it hands on. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { skein } from "./run-skein.ts";
import { temporaryHome } from "./stub-daemon.ts";

const clone = temporaryHome();
const bin = join(clone, "node_modules", "node", "bin");

beforeAll(() => {
  copyFileSync(fileURLToPath(new URL("../../skein", import.meta.url)), join(clone, "skein"));
  for (const folder of [bin, join(clone, "dist"), join(clone, "below")])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(clone, "dist", "skein.js"), "");
  writeFileSync(join(bin, "node"), '#!/bin/sh\necho "${SKEIN_COMMAND-none} $*"\n', { mode: 0o755 });
  symlinkSync("../skein", join(clone, "below", "skein"));
});
afterAll(() => rmSync(clone, { recursive: true }));

test.each([
  ["./skein list", ".", "./skein"],
  ["../skein list", "below", "../skein"],
  ["./skein list", "below", "./skein"],
  ['"$PWD/skein" list', ".", "none"],
  ['PATH="$PWD:$PATH" skein list', ".", "none"],
])("%s in %s: called as %s", (line, folder, command) => {
  const said = execFileSync("/bin/sh", ["-c", line], {
    cwd: join(clone, folder),
    env: { PATH: process.env["PATH"] ?? "", SKEIN_COMMAND: "../of/another/time" },
    encoding: "utf8",
  });
  expect(said).toMatch(new RegExp(`^${command} /.*/dist/skein.js list\n$`));
});

test("hints name the command as it was called", async () => {
  const ran = (command: string) =>
    skein(["list"], { home: clone, env: { SKEIN_COMMAND: command } });
  expect((await ran("./skein")).stderr).toContain("Start it with: ./skein up --detach\n");
  expect((await ran("../my clone/skein")).stderr).toContain("Start it with: skein up --detach\n");
});
