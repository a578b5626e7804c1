/** What `skein install-skill` writes is found, and understood, by the real Claude Code and Codex. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { claudeEnv, makeFakeLlm } from "@skein/sdk/testkit";
import { skein } from "../cli/run-skein.ts";

const llm = await makeFakeLlm();
const place = realpathSync(mkdtempSync(join(tmpdir(), "skein-skills-")));
const project = join(place, "shop");
const inside = join(project, "src");
const homes = { CLAUDE_CONFIG_DIR: join(place, "claude"), CODEX_HOME: join(place, "codex") };

beforeAll(async () => {
  for (const folder of [join(project, ".git"), inside, ...Object.values(homes)])
    mkdirSync(folder, { recursive: true });
  for (const scope of ["--global", "--local"])
    await skein(["install-skill", scope, "--claude", "--codex"], {
      home: join(place, ".skein"),
      cwd: inside,
      env: { HOME: place, ...homes },
    });
});
afterAll(async () => {
  await llm.close();
  rmSync(place, { recursive: true, force: true });
});

type Line = Readonly<Record<string, unknown>>;

/** Starts a program, says something to it, and gives the first line that fits. The program is ended then. */
const firstLine = async (
  [program = "", ...args]: readonly string[],
  env: Record<string, string>,
  say: readonly Line[],
  fits: (line: Line) => boolean,
): Promise<Line> => {
  const child = spawn(program, args, {
    cwd: inside,
    env: { PATH: process.env["PATH"] ?? "", HOME: place, ...env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  try {
    for (const line of say) child.stdin.write(`${JSON.stringify(line)}\n`);
    for await (const text of createInterface({ input: child.stdout })) {
      const line = JSON.parse(text) as Line;
      if (fits(line)) return line;
    }
    throw new Error("it ended without the line that was waited for");
  } finally {
    child.kill("SIGKILL");
  }
};

test("Claude Code lists them, those of the person and those of the project", async () => {
  const init = await firstLine(
    [inject("realAgents").claude, "-p", "--output-format", "stream-json", "--verbose", "PONG"],
    { ...claudeEnv({ configDir: homes.CLAUDE_CONFIG_DIR, url: llm.url }) },
    [],
    ({ subtype }) => subtype === "init",
  );
  const skills = (init["skills"] as string[]).filter((name) => /^(skein|handoff)$/.test(name));
  expect(skills.toSorted()).toEqual(["handoff", "handoff", "skein", "skein"]);
});

test("Codex lists them, with the text that says when to use them, and finds no fault", async () => {
  const clientInfo = { name: "skein-test", version: "1" };
  const answer = await firstLine(
    [inject("realAgents").codex, "app-server"],
    { CODEX_HOME: homes.CODEX_HOME },
    [
      { id: 1, method: "initialize", params: { clientInfo } },
      { method: "initialized" },
      { id: 2, method: "skills/list", params: { cwds: [inside] } },
    ],
    ({ id }) => id === 2,
  );
  const { data } = answer["result"] as {
    data: { skills: { name: string; path: string; description: string }[]; errors: unknown[] }[];
  };
  expect(data.flatMap(({ errors }) => errors)).toEqual([]);
  const ours = data
    .flatMap(({ skills }) => skills)
    .filter(({ path }) => !path.includes("/.system/"));
  expect(ours.map(({ path }) => path).toSorted()).toEqual(
    [join(homes.CODEX_HOME, "skills"), join(project, ".agents", "skills")]
      .flatMap((folder) => ["handoff", "skein"].map((name) => join(folder, name, "SKILL.md")))
      .toSorted(),
  );
  expect(ours.every(({ description }) => description.includes("skein"))).toBe(true);
});
