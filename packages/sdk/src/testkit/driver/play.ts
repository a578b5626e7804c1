/**
 * One generation of a session over any number of daemons: what a driver reports is recorded as a daemon would record it, and
 * the daemon that comes after gets what was recorded and nothing else.
 */
import { mkdir } from "node:fs/promises";
import type { BackendContext } from "../../backend-context.ts";
import type { AgentDriver, AgentLink, Fact, SessionContext } from "../../driver.ts";
import { generationIsOver } from "../refusals.ts";
import { brokenLaws } from "./laws.ts";

type FactOf<T extends Fact["fact"]> = Extract<Fact, { fact: T }>;

const patienceMs = 30_000;

/** What survives a daemon. */
export type Recorded = {
  readonly facts: Fact[];
  readonly listeners: Set<() => void>;
  checkpoint: unknown;
  turn: { id: string; prompt: string; text: string; accepted: boolean } | null;
  provider: string | null;
  over: boolean;
};

export type Played = {
  readonly link: AgentLink;
  readonly facts: readonly Fact[];
  /** The first fact of this kind that passes, told already or to come. Rejects when it does not come in time. */
  told<T extends Fact["fact"]>(kind: T, test?: (fact: FactOf<T>) => boolean): Promise<FactOf<T>>;
  /** Hands over a prompt, and resolves with the turn's id. */
  prompt(text: string): Promise<string>;
  again(turn: string): Promise<void>;
  ended(turn: string): Promise<FactOf<"turn-ended">>;
  /** The daemon takes nothing more of this generation. */
  over(): void;
  /** The daemon dies: nothing that is reported from now on is recorded. Resolves once it has let go. */
  die(): Promise<void>;
  count(kind: Fact["fact"]): number;
  broken(): readonly string[];
};

export const makeRecord = (): Recorded => ({
  facts: [],
  listeners: new Set(),
  checkpoint: null,
  turn: null,
  provider: null,
  over: false,
});

/** As a daemon has it: after its end nothing of a generation is taken any more. */
const note = (record: Recorded, fact: Fact): void => {
  if (fact.fact === "exited" || fact.fact === "start-failed") record.over = true;
  record.facts.push(fact);
  const { turn } = record;
  if (fact.fact === "provider-session" || fact.fact === "started")
    record.provider = fact.providerSessionId ?? record.provider;
  if (fact.fact === "accepted" && turn?.id === fact.turn) record.turn = { ...turn, accepted: true };
  if (fact.fact === "turn-ended" && turn?.id === fact.turn) record.turn = null;
};

const until = async <T>(record: Recorded, what: string, look: () => T | undefined): Promise<T> => {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const attempt = (): void => {
    const found = look();
    if (found !== undefined) resolve(found);
  };
  const late = setTimeout(() => {
    const told = record.facts.map((fact) => JSON.stringify(fact).slice(0, 300)).join("\n");
    reject(new Error(`${what} did not come; told was:\n${told}`));
  }, patienceMs);
  record.listeners.add(attempt);
  attempt();
  return promise.finally(() => {
    clearTimeout(late);
    record.listeners.delete(attempt);
  });
};

export type Wish = {
  readonly driver: AgentDriver;
  readonly backend: BackendContext;
  readonly record: Recorded;
  readonly generation: number;
  readonly how: SessionContext["how"];
  readonly session: SessionContext["session"];
  readonly dir: string;
};

/** One daemon's hold on it. */
export const play = async (wish: Wish): Promise<Played> => {
  const { driver, backend, record, session } = wish;
  let dead = false;
  await mkdir(session.folder, { recursive: true });
  const wake = (): void => record.listeners.forEach((look) => look());
  const link = driver.open({
    session: { ...session, providerSessionId: record.provider ?? session.providerSessionId },
    generation: wish.generation,
    how: wish.how,
    turn: record.turn,
    checkpoint: record.checkpoint,
    dir: wish.dir,
    backend,
    report: async (report) => {
      if (dead) throw new Error("the daemon is gone");
      if (record.over) throw generationIsOver();
      for (const fact of report.facts) note(record, fact);
      if (report.checkpoint !== undefined)
        record.checkpoint = JSON.parse(JSON.stringify(report.checkpoint));
      wake();
    },
    live: () => undefined,
    log: () => undefined,
  });
  const told: Played["told"] = (kind, test = () => true) =>
    until(
      record,
      kind,
      () =>
        record.facts.find((fact) => fact.fact === kind && test(fact as FactOf<typeof kind>)) as
          | FactOf<typeof kind>
          | undefined,
    );
  let prompts = record.facts.filter(({ fact }) => fact === "accepted").length;
  const give = (turn: NonNullable<Recorded["turn"]>): Promise<void> =>
    link.prompt({ turn: turn.id, prompt: turn.prompt, text: turn.text });
  return {
    link,
    facts: record.facts,
    told,
    prompt: async (text) => {
      const id = `trn_${wish.generation}_${++prompts}`;
      record.turn = { id, prompt: `prm_${id}`, text, accepted: false };
      await give(record.turn);
      return id;
    },
    again: async (turn) => {
      if (record.turn?.id === turn) await give(record.turn);
    },
    ended: (turn) => told("turn-ended", (fact) => fact.turn === turn),
    over: () => {
      record.over = true;
    },
    die: async () => {
      dead = true;
      await link.detach();
      await driver.close();
    },
    count: (kind) => record.facts.filter((each) => each.fact === kind).length,
    broken: () => brokenLaws(record.facts),
  };
};
