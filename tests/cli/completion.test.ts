import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VERBS } from "../../packages/cli/src/verbs.ts";
import { skein as run } from "./run-skein.ts";

const home = mkdtempSync(join(tmpdir(), "skein-completion-"));
afterAll(() => rmSync(home, { recursive: true }));

const skein = (words: readonly string[]) => run(words, { home });

describe("completion", () => {
  const scripts = new Map<string, string>();
  beforeAll(async () => {
    for (const shell of ["bash", "zsh", "fish"])
      scripts.set(shell, (await skein(["completion", shell])).stdout);
  });

  test.each(["bash", "zsh", "fish"])("%s knows every verb", (shell) => {
    for (const name of Object.keys(VERBS)) expect(scripts.get(shell)).toContain(name);
  });

  /** Each shell's own syntax check; the shells that this machine has. */
  test("is valid for the shells that are here", () => {
    const here = ["bash", "zsh", "fish"].filter(
      (shell) => spawnSync(shell, ["-c", ":"]).status === 0,
    );
    expect(here).toContain("bash");
    for (const shell of here) {
      const file = join(home, `script.${shell}`);
      writeFileSync(file, scripts.get(shell) ?? "");
      const checked = spawnSync(shell, ["-n", file], { encoding: "utf8" });
      expect([checked.status, checked.stderr]).toEqual([0, ""]);
    }
  });

  /** What bash offers after pressing tab behind `line`. `skein` is a stand-in that lists two sessions. */
  const offered = (line: readonly string[]): string[] => {
    const words = line.map((word) => `"${word}"`).join(" ");
    const text = `
      skein() { [ "$1 $2" = "list -q" ] && printf 'fizz-top\\nlux-mid\\n'; }
      ${scripts.get("bash") ?? ""}
      COMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}
      _skein; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync("bash", ["-c", text], { encoding: "utf8" }).stdout.trim().split("\n");
  };

  test.each([
    [["skein", "la"], ["last-message"]],
    [["skein", "send", "fi"], ["fizz-top"]],
    [["skein", "wait", "fizz-top", "lux"], ["lux-mid"]],
    [["skein", "approve", "lu"], ["lux-mid"]],
    [["skein", "list", "--qu"], ["--quiet"]],
    [["skein", "create", "--permissions", "gu"], ["guarded"]],
    [["skein", "token", "rev"], ["revoke"]],
    [["skein", "help", "comp"], ["completion"]],
  ])("bash completes %j to %j", (line, expected) => {
    expect(offered(line)).toEqual(expected);
  });
});

describe.concurrent("help", () => {
  test.each(Object.keys(VERBS))(
    "%s has an example, and --json or a reason to have none",
    async (name) => {
      const [help, flag] = await Promise.all([skein(["help", name]), skein([name, "--help"])]);
      expect(help).toMatchObject({ code: 0, stderr: "" });
      expect(flag.stdout).toBe(help.stdout);
      expect(help.stdout).toMatch(/\nExamples:\n {2}/);
      expect(help.stdout).toContain(`skein ${name}`);
      // These print no view: a script, and families of verbs that each have their own.
      const hasView = ![
        "completion",
        "token",
        "service",
        "attach",
        "terminal",
        "acp",
        "host",
      ].includes(name);
      expect(/ --json /.test(help.stdout)).toBe(hasView);
    },
  );

  test("skein --version is the root package's, and skein alone is a usage error with the help", async () => {
    const root = fileURLToPath(new URL("../../package.json", import.meta.url));
    const { version } = JSON.parse(readFileSync(root, "utf8")) as { version: string };
    expect(await skein(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    const alone = await skein([]);
    expect([alone.code, alone.stdout]).toEqual([2, ""]);
    for (const name of Object.keys(VERBS)) expect(alone.stderr).toContain(`\n  ${name} `);
    expect(await skein(["help"])).toEqual({ code: 0, stdout: alone.stderr, stderr: "" });
  });
});
