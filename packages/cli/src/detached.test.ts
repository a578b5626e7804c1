import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Cli } from "./cli.ts";
import { startDetached } from "./detached.ts";

test("what the daemon says through the pipe is whole, wherever its pieces part", async () => {
  const home = mkdtempSync(join(tmpdir(), "skein-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const script = join(home, "says.cjs");
  // More than a pipe holds, in characters of three bytes.
  const message = "\u20ac".repeat(100_000);
  const failure = { exit: 1, code: "config_invalid", message, remedy: "" };
  const word = JSON.stringify(JSON.stringify({ failure }));
  const say = 'require("node:fs").createWriteStream(null, { fd: 3 })';
  writeFileSync(script, `${say}.end(${word});`);
  const { signal } = new AbortController();
  const cli = { home, env: process.env, self: [process.execPath, script], signal };
  await expect(startDetached(cli as unknown as Cli, undefined)).rejects.toMatchObject({
    failure: { code: "config_invalid", message },
  });
});
