/** A link of a driver's on real processes, and its facts, waited for one by one. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../clock.ts";
import type { BackendContext } from "../../backend-context.ts";
import type {
  AgentDriver,
  AgentLink,
  Fact,
  LiveDelta,
  Report,
  SessionContext,
} from "../../driver.ts";
import { noTerminals } from "../no-terminals.ts";
import { generationIsOver } from "../refusals.ts";

type FactOf<T extends Fact["fact"]> = Extract<Fact, { fact: T }>;

export type Rig = {
  readonly link: AgentLink;
  readonly facts: readonly Fact[];
  readonly live: readonly LiveDelta[];
  /** The newest that was recorded: what the next daemon gets. */
  readonly checkpoint: () => unknown;
  /** The next fact of this kind, past or to come, that was not given before. Rejects after ten seconds. */
  next<T extends Fact["fact"]>(kind: T): Promise<FactOf<T>>;
  /** The first live words have come. */
  speaks(): Promise<void>;
  /** The daemon takes nothing more of this generation. */
  over(): void;
  /** The daemon dies: nothing that is reported from now on is recorded. */
  kill(): Promise<void>;
};

const patienceMs = 10_000;

/** Records what a daemon would record. */
const makeRecord = () => {
  const facts: Fact[] = [];
  const given = new Map<string, number>();
  const listeners = new Set<() => void>();
  let checkpoint: unknown = null;
  let refusal: (() => Error) | null = null;

  const next = async <T extends Fact["fact"]>(kind: T): Promise<FactOf<T>> => {
    const from = given.get(kind) ?? 0;
    for (;;) {
      const found = facts.findIndex((fact, at) => at >= from && fact.fact === kind);
      if (found !== -1) {
        given.set(kind, found + 1);
        return facts[found] as FactOf<T>;
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const told = facts.map((fact) => JSON.stringify(fact).slice(0, 300)).join("\n");
      const late = setTimeout(
        () => reject(new Error(`no ${kind} came after:\n${told}`)),
        patienceMs,
      );
      listeners.add(resolve);
      await promise.finally(() => clearTimeout(late));
      listeners.delete(resolve);
    }
  };
  return {
    facts,
    next,
    checkpoint: () => checkpoint,
    refuse: (why: () => Error) => {
      refusal ??= why;
    },
    report: async (report: Report): Promise<void> => {
      if (refusal !== null) throw refusal();
      // Through JSON, as a store would have it.
      facts.push(...(JSON.parse(JSON.stringify(report.facts)) as Fact[]));
      if (report.checkpoint !== undefined)
        checkpoint = JSON.parse(JSON.stringify(report.checkpoint));
      for (const wake of listeners) wake();
    },
  };
};

/** A session of no wishes in that folder, but for what is named. */
export const rigSession = (
  folder: string,
  change: Partial<SessionContext["session"]>,
): SessionContext["session"] => ({
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
  ...change,
});

export type RigOptions = Partial<SessionContext["session"]> &
  Partial<Pick<SessionContext, "generation" | "how" | "turn" | "checkpoint">>;

/** One daemon's hold on one generation of a session; another one on the same `home` is the daemon that comes after. */
export const makeRig = async (
  open: AgentDriver["open"],
  home: string,
  backend: BackendContext,
  options: RigOptions = {},
): Promise<Rig> => {
  const { generation = 1, how = "new", turn = null, checkpoint = null, ...session } = options;
  const record = makeRecord();
  const live: LiveDelta[] = [];
  const spoken = Promise.withResolvers<void>();
  const folder = session.folder ?? join(home, "work");
  await mkdir(folder, { recursive: true });
  const link = open({
    session: rigSession(folder, session),
    generation,
    how,
    turn,
    checkpoint,
    dir: join(home, "spool", String(generation)),
    backend,
    report: record.report,
    live: (delta) => {
      live.push(delta);
      spoken.resolve();
    },
    log: () => undefined,
  });
  return {
    link,
    facts: record.facts,
    live,
    checkpoint: record.checkpoint,
    next: record.next,
    speaks: () => spoken.promise,
    over: () => record.refuse(generationIsOver),
    kill: async () => {
      record.refuse(() => new Error("the daemon is dead"));
      await link.detach();
    },
  };
};

/** `haste`: so many times faster than the real one do the waits of its driver pass; its limits are as many times longer. */
export const makeRigBackend = (
  given: Pick<BackendContext, "host" | "home" | "command" | "env"> & {
    readonly startMs?: number;
    readonly haste?: number;
  },
): BackendContext => {
  const { host, home, command, env, startMs = 20_000, haste = 1 } = given;
  return {
    host,
    terminals: noTerminals,
    clock: { ...systemClock, after: (ms, run) => systemClock.after(ms / haste, run) },
    command,
    env,
    dir: join(home, "backend"),
    home,
    version: "0.0.0-test",
    timing: { startMs: startMs * haste, graceMs: 3_000 * haste },
    log: () => undefined,
  };
};

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
