/** A home for the tests of Claude Code's TUI mode: real files, real hooks, a real process, and a stand-in for the program. */
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SYSTEM_PATH, systemClock, type Fact, type SessionContext } from "@skein/sdk";
import { makeRig, makeRigBackend, type Rig, type RigOptions } from "@skein/sdk/testkit";
import {
  endHooks,
  makeTui,
  submit,
  terminalsOf,
  type Tui,
} from "./agents/claude-code/tui/stand-in.testkit.ts";
import { makeClaudeCodeDriver, makeLocalHost } from "./index.ts";

/** A home with everything in it; disposed, nothing of it is left. `haste`: so many times faster its agent's time goes by. */
export const makeHome = async (haste = 1) => {
  const home = await realpath(await mkdtemp(join(tmpdir(), "skein-tui-")));
  const config = join(home, "config");
  await mkdir(config);
  const host = makeLocalHost({ home, clock: systemClock });
  const env = {
    PATH: SYSTEM_PATH,
    HOME: home,
    CLAUDE_CONFIG_DIR: config,
    ANTHROPIC_API_KEY: "sk-fake-of-more-than-twenty-characters",
  };
  const tui = makeTui(config);
  const backend = {
    ...makeRigBackend({ host, home, command: ["claude"], env, haste }),
    terminals: terminalsOf(tui, home),
    timing: { startMs: 6_000, graceMs: 1_000 },
  };
  const rig = (options: RigOptions = {}, terminals = backend.terminals): Promise<Rig> =>
    makeRig(
      makeClaudeCodeDriver().open,
      home,
      { ...backend, terminals },
      {
        interface: "tui",
        folder: join(home, "work"),
        ...options,
      },
    );
  return {
    home,
    host,
    config,
    tui,
    terminals: backend.terminals,
    rig,
    started: async (options: RigOptions = {}): Promise<Rig> => {
      const one = await rig(options);
      await one.link.start();
      await one.next("started");
      return one;
    },
    async [Symbol.asyncDispose]() {
      for (const { owner } of await host.owners()) await host.sweep(owner);
      endHooks(tui);
      await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    },
  };
};

export const words = (text: string, number = 1, prompt = number) => ({
  turn: `trn_${number}`,
  prompt: `prm_${prompt}`,
  text,
});

export const texts = (facts: readonly Fact[]): string[] =>
  facts.flatMap((fact) => {
    if (fact.fact === "begun") return [`begun: ${fact.text}`];
    if (fact.fact === "turn-ended") return [`ended ${fact.outcome}`];
    if (fact.fact !== "item") return [];
    const { body } = fact;
    return "text" in body ? [`${body.kind}: ${body.text}`] : [`${body.kind} ${body.status}`];
  });

export const typed = (tui: Tui, text: string): void => {
  tui.input += text;
  submit(tui);
};

/** The next daemon's hold on what this one left. */
export const turnLeft = (text: string, accepted: boolean): SessionContext["turn"] => ({
  id: "trn_1",
  prompt: "prm_1",
  text,
  accepted,
});
