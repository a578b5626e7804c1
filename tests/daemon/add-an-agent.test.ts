/** docs/add-an-agent.md, followed to the letter: a new agent keeps every law of the sdk's door. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { driverConformance } from "@skein/sdk/testkit/drivers";
import { makeDrivers } from "../../packages/daemon/src/house/agents.ts";
import { benchOf } from "../scenarios/driver-bench.ts";
import { makeParrotDriver } from "./parrot/driver.ts";
import { beginning, fold } from "./parrot/translate.ts";
import { readWord } from "./parrot/wire.ts";

const program = fileURLToPath(new URL("./parrot/program.ts", import.meta.url));

driverConformance({
  name: "parrot",
  words: { quick: "hello", slow: "SLOW 30" },
  resumes: false,
  makeBench: () =>
    benchOf(makeParrotDriver, async () => ({ command: [process.execPath, program], env: {} })),
});

test("its fold is tested by a recording, without a process", () => {
  const recording = [
    '{"ready":7}',
    "rubbish",
    '{"took":"t"}',
    '{"said":"t","text":"hi"}',
    '{"done":"t","how":"well"}',
  ];
  let state = beginning;
  const facts = recording.flatMap((line) => {
    const word = readWord(line);
    if (word === null) return [];
    const next = fold(state, word);
    state = next.state;
    return next.facts.map(({ fact }) => fact);
  });
  expect(facts).toEqual(["started", "accepted", "item", "turn-ended"]);
  expect(state).toEqual({ ready: true, turn: null });
});

/** Files that may name an agent: which one a session gets when none is asked for. */
const DEFAULTS = [
  "packages/contract/src/outside.ts",
  "packages/contract/src/session-operations.ts",
];

test("no room but an agent's own folder knows it by its name", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const known = makeDrivers([])
    .map(({ id }) => id)
    // A word of the house's own, too.
    .filter((id) => id !== "terminal");
  expect(known).toContain("codex");
  const naming = globSync("packages/{contract,core,sdk,daemon}/src/**/*.ts", { cwd: root })
    .filter((path) => !/\.test\.ts$|\.testkit\.ts$|\/testkit\//.test(path))
    .filter((path) => {
      const text = readFileSync(`${root}/${path}`, "utf8").replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
      return known.some((id) => text.includes(`"${id}"`));
    });
  expect(naming.toSorted()).toEqual(DEFAULTS);
});

test("the page names the files that are there", () => {
  const page = readFileSync(new URL("../../docs/add-an-agent.md", import.meta.url), "utf8");
  const named = [...page.matchAll(/`((?:tests|packages)\/[\w./-]+\.ts)`/g)].map(([, path]) => path);
  expect(named.length).toBeGreaterThan(6);
  for (const path of named)
    expect(() => readFileSync(new URL(`../../${path}`, import.meta.url))).not.toThrow();
});
