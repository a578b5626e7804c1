/** Files over there, when what reads them cannot be run: the scripts run here, with programs that fail. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { failureCode } from "@skein/sdk/testkit";
import type { Ask } from "./ask.ts";
import { makeFiles } from "./files.ts";
import type { FollowDeps } from "./follow.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "skein-files-"));
  await writeFile(join(dir, "file"), "0123456789".repeat(20_000));
  await symlink("nowhere", join(dir, "link"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const filesWith = (words: string) => {
  const ask: Ask = async (script) => {
    const whole = `bye() { exit "$1"; }\n${words}\n${script}\nbye $?`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", whole]);
    return { code: status ?? -1, output: stdout, errors: stderr.toString() };
  };
  return makeFiles({ ask } as unknown as FollowDeps & { ask: Ask });
};

test.each([
  [{ maxBytes: 5 }, "01234"],
  [{ maxBytes: 5, from: 199_998 }, "89"],
  [{ maxBytes: 5, from: -3 }, "789"],
  [{ maxBytes: 5, from: 300_000 }, ""],
])("a part of a file is read: %j", async (options, text) => {
  const bytes = await filesWith("").read(join(dir, "file"), options);
  expect(Buffer.from(bytes ?? []).toString()).toBe(text);
});

test.each(["tail", "head"])("a file is not empty when %s cannot be run", async (program) => {
  const files = filesWith(`${program}() { return 126; }`);
  expect(await failureCode(files.read(join(dir, "file"), { maxBytes: 5 }))).toBe("storage_failed");
});

test("a folder is not empty when find cannot be run, and nor is one in which a link leads nowhere", async () => {
  const files = filesWith("find() { return 126; }");
  expect(await failureCode(files.list(dir))).toBe("storage_failed");
  expect((await filesWith("").list(dir))?.map(({ name }) => name)).toEqual(["file"]);
  expect(await filesWith("").list(join(dir, "none"))).toBeNull();
});
