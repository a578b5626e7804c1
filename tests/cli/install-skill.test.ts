/** `skein install-skill`: where the agents look, never over what a person wrote. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VERBS } from "../../packages/cli/src/verbs.ts";
import { skein as run, type Ran } from "./run-skein.ts";
import { temporaryHome } from "./stub-daemon.ts";

let place: string;
let project: string;

beforeEach(() => {
  place = temporaryHome();
  project = join(place, "shop");
  mkdirSync(join(project, ".git"), { recursive: true });
  mkdirSync(join(project, "src", "deep"), { recursive: true });
});
afterEach(() => {
  rmSync(place, { recursive: true, force: true });
});

const skein = (words: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  run(["install-skill", ...words], {
    home: join(place, ".skein"),
    cwd: join(project, "src", "deep"),
    env: { HOME: place, PATH: join(place, "bin"), ...env },
  });

const file = (...parts: string[]): string => join(place, ...parts, "SKILL.md");

test("goes to the agents that are found: by their folder, or by their program", async () => {
  const nobody = await skein([]);
  expect([nobody.code, nobody.stderr]).toEqual([
    1,
    expect.stringMatching(/^skein: Neither Claude Code nor Codex was found here\. \[no_agent\]\n/),
  ]);
  mkdirSync(join(place, ".claude"));
  expect((await skein([])).stdout).toBe(
    `Installed skill skein for Claude Code (${file(".claude/skills/skein")})\n` +
      `Installed skill handoff for Claude Code (${file(".claude/skills/handoff")})\n`,
  );
  mkdirSync(join(place, "bin"));
  writeFileSync(join(place, "bin", "codex"), "#!/bin/sh\n");
  chmodSync(join(place, "bin", "codex"), 0o755);
  const { stdout } = await skein([]);
  expect(stdout).toContain(`Up to date: skill skein for Claude Code`);
  expect(stdout).toContain(`Installed skill handoff for Codex (${file(".codex/skills/handoff")})`);
});

test("goes where the agents' own settings say, and into the project from any folder in it", async () => {
  const env = { CLAUDE_CONFIG_DIR: join(place, "c"), CODEX_HOME: join(place, "x") };
  expect((await skein(["--claude", "--codex", "--global"], env)).code).toBe(0);
  for (const folder of ["c", "x"]) expect(existsSync(file(folder, "skills", "skein"))).toBe(true);
  expect((await skein(["--local", "--claude"], env)).code).toBe(0);
  expect((await skein(["--local", "--codex"], env)).code).toBe(0);
  for (const folder of [".claude", ".agents"])
    expect(existsSync(file("shop", folder, "skills", "handoff"))).toBe(true);
});

test("leaves what a person changed, does the others, and says of each what was done", async () => {
  await skein(["--claude"]);
  const [skill, other] = [file(".claude/skills/skein"), file(".claude/skills/handoff")];
  const changed = `${readFileSync(skill, "utf8")}\nMy own rule.\n`;
  writeFileSync(skill, changed);
  rmSync(other);
  for (const [words, did, isThere] of [
    [["--claude"], "Installed", true],
    [["--remove"], "Removed", false],
  ] as const) {
    expect(await skein(words)).toEqual({
      code: 1,
      stdout: `${did} skill handoff for Claude Code (${other})\n`,
      stderr: expect.stringMatching(
        /^skein: .*SKILL\.md was changed after skein wrote it\. \[file_not_ours\]\n.*--force/,
      ),
    });
    expect([readFileSync(skill, "utf8"), existsSync(other)]).toEqual([changed, isThere]);
  }
  const { code, stdout } = await skein(["--claude", "--json"]);
  const { skills } = JSON.parse(stdout) as { skills: unknown[] };
  expect(code).toBe(1);
  expect(skills).toMatchObject([{ error: { code: "file_not_ours" } }, { error: null }]);
  expect((await skein(["--list", "--claude"])).stdout).toMatch(
    /^skein +Claude Code +global +changed by hand \(version 1\) /,
  );
  expect((await skein(["--claude", "--force"])).stdout).toContain("Renewed skill skein");
  expect(readFileSync(skill, "utf8")).not.toContain("My own rule.");
});

test("takes away what it brought, and nothing beside it", async () => {
  await skein(["--claude"]);
  writeFileSync(join(place, ".claude/skills/handoff/notes.md"), "mine");
  expect((await skein(["--remove"])).stdout).toMatch(/^Removed skill skein for Claude Code \(.*\n/);
  expect(existsSync(join(place, ".claude/skills/skein"))).toBe(false);
  expect(readFileSync(join(place, ".claude/skills/handoff/notes.md"), "utf8")).toBe("mine");
  expect((await skein(["--remove"])).stdout).toBe("No skills of skein are installed there\n");
});

test("needs no daemon: not in the image of a sandbox that has no token yet, either", async () => {
  const env = { IS_SANDBOX: "1", SKEIN_GATEWAY_URL: "http://127.0.0.1:9" };
  expect(await skein(["--claude"], env)).toMatchObject({ code: 0, stderr: "" });
});

test("says what is where, for people and for programs", async () => {
  await skein(["--codex"]);
  const { skills } = JSON.parse((await skein(["--list", "--json"])).stdout) as {
    skills: Record<string, unknown>[];
  };
  expect(skills).toHaveLength(8);
  expect(skills.filter(({ found }) => found === "same")).toMatchObject([
    { skill: "skein", agent: "codex", scope: "global", version: 1 },
    { skill: "handoff", agent: "codex", scope: "global", version: 1 },
  ]);
  expect((await skein(["--local", "--global"])).code).toBe(2);
  expect((await skein(["--list", "--remove"])).code).toBe(2);
});

describe("the text of a skill", () => {
  const texts = async (): Promise<string[]> => {
    await skein(["--claude"]);
    return ["skein", "handoff"].map((name) => readFileSync(file(".claude/skills", name), "utf8"));
  };

  test("begins with what agents look for, and fits into what they load of it", async () => {
    for (const [at, text] of (await texts()).entries()) {
      const name = ["skein", "handoff"][at] ?? "";
      const [, front = ""] = /^---\n([\s\S]*?)\n---\n/.exec(text) ?? [];
      expect(front).toMatch(new RegExp(`^name: ${name}$`, "m"));
      const [, description = ""] = /^description: (.*)$/m.exec(front) ?? [];
      // The Agent Skills format allows 1024 characters; a colon and a blank would end a plain YAML scalar.
      expect(description.length).toBeGreaterThan(60);
      expect(description.length).toBeLessThanOrEqual(1_024);
      expect(description).not.toContain(": ");
      expect(text.split("\n").length).toBeLessThan(500);
    }
  });

  test("names no verb and no option that this skein does not have", async () => {
    const named = (await texts()).flatMap((text) =>
      [...text.matchAll(/(?<![\w/-])skein ([a-z][a-z-]+)((?: .*)?)/g)].map(
        ([, verb = "", rest = ""]) => ({ verb, rest: rest.split(/ {2,}#/)[0] ?? "" }),
      ),
    );
    const verbs = new Set(named.map(({ verb }) => verb).filter((verb) => verb !== "help"));
    expect([...verbs].filter((verb) => !(verb in VERBS)).toSorted()).toEqual([]);
    for (const { verb, rest } of named) {
      const options = [...rest.matchAll(/(?<=\s)(--[a-z-]+)/g)].map(([option]) => option);
      if (options.length === 0 || verb === "help") continue;
      const { stdout } = await run(["help", verb], { home: place });
      expect(options.filter((option) => !stdout.includes(option))).toEqual([]);
    }
  });
});
