/** The Codex driver on the local host with the fake Codex: what the daemon would do, in a folder that goes away. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fakeCodexCommand,
  generationIsOver,
  noTerminals,
  rigSession,
  settled,
} from "@skein/sdk/testkit";
import { makeCodexDriver, makeLocalHost } from "./index.ts";

type Driver = ReturnType<typeof makeCodexDriver>;
type Context = Parameters<Driver["open"]>[0];
type Backend = Parameters<Driver["probe"]>[0];
type Link = ReturnType<Driver["open"]>;
export type Fact = Parameters<Context["report"]>[0]["facts"][number];
export type FactOf<F extends Fact["fact"]> = Extract<Fact, { fact: F }>;

/** How long a server lingers, and how long it can be claimed: time that the test alone lets pass. */
const HELD_MS = [2_500, 5_000];
const patienceMs = 10_000;

const makeClock = () => {
  const held = new Set<() => void>();
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after: (ms: number, run: () => void): (() => void) => {
      if (!HELD_MS.includes(ms)) {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      }
      held.add(run);
      return () => held.delete(run);
    },
    held,
    /** Lets all that is held come due. */
    strike: (): void => {
      for (const run of held) run();
      held.clear();
    },
  };
};

/** Looks again and again, because nobody tells when a process is gone. */
export const becomesTrue = (test: () => boolean | Promise<boolean>): Promise<boolean> =>
  settled(test, Boolean);

export type SessionWish = Partial<Context["session"]> & {
  readonly how?: Context["how"];
  readonly generation?: number;
  readonly turn?: Context["turn"];
  readonly checkpoint?: unknown;
};

/** One generation of a session, with what it told. */
export type Played = {
  readonly link: Link;
  readonly facts: Fact[];
  readonly live: { readonly kind: string; readonly text: string }[];
  /** The daemon takes nothing more of this generation. */
  over(): void;
  checkpoint(): unknown;
  /** The first fact of that kind that passes, told already or to come. */
  told<F extends Fact["fact"]>(fact: F, test?: (fact: FactOf<F>) => boolean): Promise<FactOf<F>>;
  ended(turn: string): Promise<FactOf<"turn-ended">>;
  say(turn: string, text: string): Promise<FactOf<"turn-ended">>;
  prompt(turn: string, text: string): Promise<void>;
};

const play = (backend: Backend, driver: Driver, folder: string, wish: SessionWish): Played => {
  const { how = "new", generation = 1, turn = null, checkpoint = null, ...session } = wish;
  const facts: Fact[] = [];
  const live: Played["live"] = [];
  const waiting = new Set<() => void>();
  let newest: unknown = checkpoint;
  const bound = { over: false };
  const context: Context = {
    session: rigSession(folder, { id: "ses_1", ...session }),
    generation,
    how,
    turn,
    checkpoint,
    dir: join(folder, "..", "generation"),
    backend,
    report: async (report) => {
      if (bound.over) throw generationIsOver();
      facts.push(...report.facts);
      // As it comes back out of a database.
      if (report.checkpoint !== undefined) newest = JSON.parse(JSON.stringify(report.checkpoint));
      for (const look of waiting) look();
    },
    live: (delta) => void live.push(delta),
    log: () => undefined,
  };
  const link = driver.open(context);
  const told: Played["told"] = (fact, test = () => true) => {
    const { promise, resolve, reject } = Promise.withResolvers<FactOf<typeof fact>>();
    const look = (): void => {
      const found = facts.find((one) => one.fact === fact && test(one as FactOf<typeof fact>));
      if (found !== undefined) resolve(found as FactOf<typeof fact>);
    };
    const late = setTimeout(
      () => reject(new Error(`no ${fact}; told: ${facts.map((one) => one.fact).join(", ")}`)),
      patienceMs,
    );
    waiting.add(look);
    look();
    return promise.finally(() => {
      waiting.delete(look);
      clearTimeout(late);
    });
  };
  const ended: Played["ended"] = (id) => told("turn-ended", (fact) => fact.turn === id);
  const prompt: Played["prompt"] = (id, text) =>
    link.prompt({ turn: id, prompt: `prm_${id}`, text });
  const say: Played["say"] = async (id, text) => {
    await prompt(id, text);
    return ended(id);
  };
  const over = (): void => {
    bound.over = true;
  };
  return { link, facts, live, over, checkpoint: () => newest, told, ended, say, prompt };
};

export type Bench = AsyncDisposable & {
  readonly root: string;
  readonly folder: string;
  readonly home: string;
  readonly backend: Backend;
  readonly clock: ReturnType<typeof makeClock>;
  driver: Driver;
  play(wish?: SessionWish): Played;
  /** Begins a session. */
  begin(wish?: SessionWish): Promise<Played>;
  /** The daemon dies and comes back: what it had recorded is all that is left. */
  restart(played: Played, wish?: SessionWish): Promise<Played & { readonly found: string }>;
  owners(): Promise<string[]>;
};

export const makeBench = (
  options: { readonly config?: string; readonly long?: boolean } = {},
): Bench => {
  const root = mkdtempSync(join(tmpdir(), "skein-codex-"));
  const state = join(root, options.long === true ? "x".repeat(100) : "state");
  const [folder, home, dir] = [join(root, "work"), join(root, "home"), join(state, "codex")];
  for (const each of [folder, home, dir]) mkdirSync(each, { recursive: true });
  writeFileSync(join(home, "config.toml"), options.config ?? 'model_provider = "fake"\n');
  const clock = makeClock();
  const host = makeLocalHost({ home: state, clock });
  const backend: Backend = {
    host,
    terminals: noTerminals,
    clock,
    command: fakeCodexCommand,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: home, CODEX_HOME: home },
    dir,
    home: state,
    version: "0.0.0-test",
    timing: { startMs: 8_000, graceMs: 2_000 },
    log: () => undefined,
  };
  const bench: Bench = {
    root,
    folder,
    home,
    backend,
    clock,
    driver: makeCodexDriver(),
    play: (wish = {}) => play(backend, bench.driver, folder, wish),
    begin: async (wish) => {
      const played = bench.play(wish);
      await played.link.start();
      await played.told("started");
      return played;
    },
    restart: async (played, wish = {}) => {
      await played.link.detach();
      await bench.driver.close();
      bench.driver = makeCodexDriver();
      const known = played.facts.findLast((fact) => fact.fact === "started");
      const providerSessionId = known?.providerSessionId ?? null;
      const again = bench.play({ providerSessionId, checkpoint: played.checkpoint(), ...wish });
      return { ...again, found: await again.link.attach() };
    },
    owners: async () => (await host.owners()).map(({ owner }) => owner.session),
    [Symbol.asyncDispose]: async () => {
      await bench.driver.close();
      for (const { owner } of await host.owners()) await host.sweep(owner);
      rmSync(root, { recursive: true, force: true });
    },
  };
  return bench;
};
