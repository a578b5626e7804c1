/** What the tests of this room share: a link on real processes, and its facts, waited for one by one. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  systemClock,
  type AgentLink,
  type BackendContext,
  type Fact,
  type Host,
  type LiveDelta,
  type Report,
  type SessionContext,
} from "@skein/sdk";
import { generationIsOver, noTerminals } from "@skein/sdk/testkit";
import { makeClaudeCodeDriver } from "./driver.ts";

export type FactOf<T extends Fact["fact"]> = Extract<Fact, { fact: T }>;

export type Rig = {
  readonly link: AgentLink;
  readonly facts: readonly Fact[];
  readonly live: readonly LiveDelta[];
  /** The newest that was recorded: what the next daemon gets. */
  readonly checkpoint: () => unknown;
  /** The next fact of this kind, past or to come, that was not given before. Rejects after ten seconds. */
  next<T extends Fact["fact"]>(kind: T): Promise<FactOf<T>>;
  /** The daemon dies: nothing that is reported from now on is recorded. */
  kill(): Promise<void>;
  /** The daemon takes nothing more of this generation. */
  over(): void;
};

const patienceMs = 10_000;

/** Records what a daemon would record. */
const makeRecord = () => {
  const facts: Fact[] = [];
  const live: LiveDelta[] = [];
  const given = new Map<string, number>();
  const listeners = new Set<() => void>();
  let checkpoint: unknown = null;
  let dead = false;
  let over = false;

  const next = async <T extends Fact["fact"]>(kind: T): Promise<FactOf<T>> => {
    const from = given.get(kind) ?? 0;
    const look = (): number => facts.findIndex((fact, at) => at >= from && fact.fact === kind);
    for (let found = look(); ; found = look()) {
      if (found !== -1) {
        given.set(kind, found + 1);
        return facts[found] as FactOf<T>;
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const told = facts.map((fact) => JSON.stringify(fact).slice(0, 300)).join("\n");
      const timer = setTimeout(
        () => reject(new Error(`no ${kind} came after:\n${told}`)),
        patienceMs,
      );
      listeners.add(resolve);
      await promise;
      clearTimeout(timer);
      listeners.delete(resolve);
    }
  };
  return {
    facts,
    live,
    next,
    checkpoint: () => checkpoint,
    over: () => {
      over = true;
    },
    die: () => {
      dead = true;
    },
    report: async (report: Report): Promise<void> => {
      if (dead) throw new Error("the daemon is dead");
      if (over) throw generationIsOver();
      // Through JSON, as a store would have it.
      facts.push(...(JSON.parse(JSON.stringify(report.facts)) as Fact[]));
      if (report.checkpoint !== undefined)
        checkpoint = JSON.parse(JSON.stringify(report.checkpoint));
      for (const wake of listeners) wake();
    },
  };
};

export type RigOptions = Partial<SessionContext["session"]> &
  Partial<Pick<SessionContext, "generation" | "how" | "turn" | "checkpoint">>;

/** One daemon's hold on one generation of a session; another one on the same `home` is the daemon that comes after. */
export const makeRig = async (
  home: string,
  backend: BackendContext,
  options: RigOptions = {},
): Promise<Rig> => {
  const record = makeRecord();
  const generation = options.generation ?? 1;
  const folder = options.folder ?? join(home, "work");
  await mkdir(folder, { recursive: true });
  const link = makeClaudeCodeDriver().open({
    session: {
      id: "ses_rig",
      name: "fizz-top",
      folder,
      model: null,
      effort: null,
      permissions: "guarded",
      interface: "protocol",
      program: null,
      providerSessionId: null,
      forkFrom: null,
      ...options,
    },
    generation,
    how: options.how ?? "new",
    turn: options.turn ?? null,
    checkpoint: options.checkpoint ?? null,
    dir: join(home, "spool", String(generation)),
    backend,
    report: record.report,
    live: (delta) => record.live.push(delta),
    log: () => undefined,
  });
  return {
    link,
    facts: record.facts,
    live: record.live,
    checkpoint: record.checkpoint,
    next: record.next,
    over: record.over,
    kill: async () => {
      record.die();
      await link.detach();
    },
  };
};

export const makeBackend = (
  host: Host,
  home: string,
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): BackendContext => ({
  host,
  terminals: noTerminals,
  clock: systemClock,
  command,
  env,
  dir: join(home, "backend"),
  home,
  version: "0.0.0-test",
  timing: { startMs: 20_000, graceMs: 3_000 },
  log: () => undefined,
});

/** By whom, when: of no interest here. */
export const decided = (
  decision: "allow" | "always" | "deny" | "answer",
  more: { readonly message?: string; readonly answers?: Record<string, string[]> } = {},
) => ({
  decision,
  message: more.message ?? null,
  answers: more.answers ?? null,
  by: "test",
  at: "2026-01-01T00:00:00.000Z",
});
