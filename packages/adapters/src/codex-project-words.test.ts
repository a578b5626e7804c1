import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeLocalHost } from "./hosts/local/local.ts";
import { projectWords } from "./agents/codex/project-words.ts";

const clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after: () => () => undefined,
};
const host = makeLocalHost({ home: "/nowhere", clock });

const inProject = async (run: (root: string, inner: string) => Promise<void>): Promise<void> => {
  const place = mkdtempSync(join(tmpdir(), "skein-words-"));
  const root = join(place, "project");
  const inner = join(root, "a", "b");
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(place, "AGENTS.md"), "beyond");
  try {
    await run(root, inner);
  } finally {
    rmSync(place, { recursive: true });
  }
};

test("from the project's root down, and not from beyond it", () =>
  inProject(async (root, inner) => {
    mkdirSync(join(root, ".git"));
    writeFileSync(join(root, "AGENTS.md"), "outer");
    writeFileSync(join(inner, "AGENTS.md"), "passed over");
    writeFileSync(join(inner, "AGENTS.override.md"), "inner");
    const said = await projectWords(host, inner);
    expect(said).toMatch(/outer[^]*inner/);
    expect(said).not.toMatch(/beyond|passed over/);
  }));

test("the folder that is a project of its own says nothing of others; none is none, and a FIFO is not waited for", () =>
  inProject(async (root, inner) => {
    for (const each of [root, inner]) mkdirSync(join(each, ".git"));
    writeFileSync(join(root, "AGENTS.md"), "outer");
    expect(await projectWords(host, inner)).toBeNull();
    execFileSync("mkfifo", [join(inner, "AGENTS.md")]);
    expect(await projectWords(host, inner)).toBeNull();
    expect(await projectWords(host, root)).toContain("outer");
  }));

test("no more than 32 KiB of it", () =>
  inProject(async (root) => {
    mkdirSync(join(root, ".git"));
    writeFileSync(join(root, "AGENTS.md"), "x".repeat(100_000));
    expect((await projectWords(host, root))!.length).toBeLessThan(33_000);
  }));
