/** A home for a driver's sessions, on a real host; disposed, nothing of it is left. */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackendContext } from "../../backend-context.ts";
import type { AgentDriver } from "../../driver.ts";
import type { Host } from "../../host.ts";
import { SYSTEM_PATH } from "../../terminal.ts";
import { makeRig, makeRigBackend, type Rig, type RigOptions } from "./rig.ts";

export type RigHome = AsyncDisposable & {
  readonly home: string;
  readonly host: Host;
  readonly backend: BackendContext;
  /** A place in the folder that its sessions work in. */
  work(name: string): string;
  /** `backend`: what is other than the home's. */
  rig(options?: RigOptions, backend?: Partial<BackendContext>): Promise<Rig>;
  /** One that takes prompts. */
  started(options?: RigOptions, backend?: Partial<BackendContext>): Promise<Rig>;
  /** Of all that runs for its sessions. */
  pids(): Promise<readonly number[]>;
};

export const makeRigHome = async (given: {
  readonly open: AgentDriver["open"];
  makeHost(home: string): Host;
  readonly command: BackendContext["command"];
  /** Beside PATH and HOME. */
  env(home: string): Readonly<Record<string, string>>;
  readonly startMs?: number;
  readonly haste?: number;
}): Promise<RigHome> => {
  const home = await realpath(await mkdtemp(join(tmpdir(), "skein-rig-")));
  const host = given.makeHost(home);
  const env = { PATH: SYSTEM_PATH, HOME: home, ...given.env(home) };
  const backend = makeRigBackend({ ...given, host, home, env });
  const rig: RigHome["rig"] = (options, change) =>
    makeRig(given.open, home, { ...backend, ...change }, options);
  return {
    home,
    host,
    backend,
    work: (name) => join(home, "work", name),
    rig,
    started: async (options, change) => {
      const one = await rig(options, change);
      await one.link.start();
      await one.next("started");
      return one;
    },
    pids: async () => (await host.owners()).flatMap((one) => one.pids),
    async [Symbol.asyncDispose]() {
      for (const { owner } of await host.owners()) await host.sweep(owner);
      await rm(home, { recursive: true, force: true });
    },
  };
};

let turns = 0;

/** A prompt of its own turn. */
export const rigWords = (text: string) => {
  turns += 1;
  return { turn: `trn_${turns}`, prompt: `prm_${turns}`, text };
};

/** Says it, and waits for the turn's end. */
export const rigTurn = async (rig: Rig, text: string) => {
  await rig.link.prompt(rigWords(text));
  return rig.next("turn-ended");
};

/** What the agent said, message by message. */
export const rigMessages = ({ facts }: Rig): readonly string[] =>
  facts.flatMap((fact) =>
    fact.fact === "item" && fact.body.kind === "message" ? [fact.body.text] : [],
  );
