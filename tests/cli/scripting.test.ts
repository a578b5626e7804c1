/** docs/scripting.md: its scripts are valid, and every verb and flag in them is there. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { expect, test } from "vitest";
import { VERBS } from "../../packages/cli/src/verbs.ts";

const page = readFileSync(new URL("../../docs/scripting.md", import.meta.url), "utf8");
const scripts = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text]) => text ?? "");

test("the scripts are valid shell", () => {
  expect(scripts.length).toBeGreaterThan(4);
  for (const script of scripts)
    expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
});

test("every verb in them is there, with every flag", async () => {
  const lines = scripts
    .flatMap((script) => script.split("\n"))
    .flatMap((line) => [...line.matchAll(/skein ([a-z-]+)([^|)]*)/g)]);
  expect(lines.length).toBeGreaterThan(10);
  for (const [line, verb = "", rest = ""] of lines) {
    expect(Object.keys(VERBS)).toContain(verb);
    const definition = await VERBS[verb]?.load();
    const known = [definition, ...Object.values(definition?.below ?? {})].flatMap((each) => {
      const own = new Command(verb);
      each?.define(own);
      return own.options.flatMap(({ long, short }) => [long, short]);
    });
    const unquoted = rest.replace(/'[^']*'|"[^"]*"/g, "");
    const flags = [...unquoted.matchAll(/(?<=\s)--?[a-z][a-z-]*/g)].map(([flag]) => flag);
    expect({ line, flags: flags.filter((flag) => !known.includes(flag)) }).toEqual({
      line,
      flags: [],
    });
  }
});

test("every verb that prints JSON has its shape in the table", () => {
  const table = page.slice(page.indexOf("| verb | shape |"), page.indexOf("With an error stdout"));
  // They speak something else: a script, a terminal, another protocol.
  const without = ["completion", "attach", "acp"];
  for (const verb of Object.keys(VERBS).filter((name) => !without.includes(name)))
    expect(table).toMatch(new RegExp(`\`${verb}[ \`]`));
});
