import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { claudeEnv, codexEnv, writeCodexHome } from "./homes.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fake-llm-"));
});
afterEach(() => rm(folder, { recursive: true }));

const url = "http://127.0.0.1:18080";

test("Claude Code is pointed at the fake LLM, with a folder and a dummy key of its own", () => {
  const env = claudeEnv({ configDir: folder, url });
  expect(env).toMatchObject({
    CLAUDE_CONFIG_DIR: folder,
    ANTHROPIC_BASE_URL: url,
    CLAUDE_CODE_MAX_RETRIES: "1",
  });
  expect(env).not.toHaveProperty("IS_SANDBOX");
  expect(claudeEnv({ configDir: folder, url, bypassAsRoot: true })).toHaveProperty(
    "IS_SANDBOX",
    "1",
  );
});

test("Codex's configuration names the fake provider before any table, and quotes what needs it", async () => {
  const dir = join(folder, "not", "there");
  await writeCodexHome({
    dir,
    url,
    sandboxMode: "read-only",
    trusted: ['/a "b"'],
    features: { one: true },
  });
  const config = await readFile(join(dir, "config.toml"), "utf8");
  const [top, provider, features, project] = config.split(/^\[.*\]\n/m);
  expect(top).toContain('model_provider = "fake"\n');
  expect(top).toContain('sandbox_mode = "read-only"\n');
  expect(provider).toContain(`base_url = "${url}/v1"\n`);
  expect(provider).toContain(`env_key = "FAKE_LLM_KEY"\n`);
  expect(features).toBe("one = true\n");
  expect(config).toContain('[projects."/a \\"b\\""]\n');
  expect(project).toBe('trust_level = "trusted"\n');
});

test("Codex's home never lies under its temporary folder, even when the home is a temporary one", async () => {
  await writeCodexHome({ dir: folder, url });
  const env = codexEnv({ home: folder });
  const temporary = env["TMPDIR"] ?? "";
  expect(env["CODEX_HOME"]).toBe(folder);
  expect((await stat(temporary)).isDirectory()).toBe(true);
  expect(relative(temporary, folder)).toMatch(/^\.\./);
});
