/** Reads the spool through the driver's fold: facts to the journal, words to whoever watches, orders to whoever can carry them out. */
import type { Fact, SessionContext, SpoolLine } from "@skein/sdk";
import { toCheckpoint, type Place } from "./checkpoint.ts";
import { makeJournal, type Journal, type Mark } from "./journal.ts";
import type { Step } from "./step.ts";

export type Reader<State> = {
  state(): State;
  /** Where the next line begins. */
  offset(): number;
  /** A change of ours, between two lines. Recorded with the next report. */
  change(next: (state: State) => State): void;
  /** Facts of ours. Resolves when they are recorded. */
  tell(facts: readonly Fact[]): Promise<void>;
  /** Reads until the lines end. Rejects when the generation is over, or the spool cannot be read. */
  read(lines: AsyncIterable<SpoolLine>): Promise<void>;
  /** Leaves out what an earlier try has written. */
  skip(lines: AsyncIterable<SpoolLine>): Promise<void>;
  /** Resolves when `passes` is so, or `signal` aborts; looked at after every line and every change. */
  until(passes: (state: State) => boolean, signal: AbortSignal): Promise<void>;
  flushed(): Promise<void>;
};

/** What a driver makes of its agent's words. */
export type Reading<State, Order> = {
  readonly begin: Place<State>;
  /** A line that begins at byte `at` of the spool. Must not throw. */
  step(state: State, line: SpoolLine, at: number): Step<State, Order>;
  /** What must be done before the facts are told, or to them. Must not throw. Default: nothing. */
  settle?(facts: readonly Fact[]): Promise<readonly Fact[]>;
  /** Returns at once. */
  carryOut?(order: Order): void;
  /** The state as it is recorded, where that is not the whole of it. */
  recorded?(state: State): State;
};

export const makeReader = <State, Order>(
  context: SessionContext,
  reading: Reading<State, Order>,
): Reader<State> => {
  let { state, offset } = reading.begin;
  const settle = reading.settle ?? (async (facts) => facts);
  const journal: Journal = makeJournal(context, settle);
  const waiters = new Set<() => void>();

  const become = (next: State): void => {
    if (next === state) return;
    state = next;
    for (const look of waiters) look();
  };

  const mark = (): Mark => {
    const now = { state, offset };
    const recorded = (): State => reading.recorded?.(now.state) ?? now.state;
    return {
      checkpoint: () => toCheckpoint({ state: recorded(), offset: now.offset }, context.generation),
    };
  };

  const take = async (line: SpoolLine): Promise<void> => {
    const { state: next, facts, live, orders } = reading.step(state, line, offset);
    offset = line.end;
    become(next);
    for (const delta of live) context.live(delta);
    for (const order of orders) reading.carryOut?.(order);
    if (facts.length > 0) await journal.add(facts, mark());
  };

  return {
    state: () => state,
    offset: () => offset,
    change: (next) => become(next(state)),
    tell: (facts) => journal.add(facts, mark()).then(() => journal.flushed()),
    async read(lines) {
      for await (const line of lines) await take(line);
    },
    async skip(lines) {
      for await (const line of lines) offset = line.end;
    },
    until(passes, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const done = (): void => {
        waiters.delete(look);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const look = (): void => {
        if (signal.aborted || passes(state)) done();
      };
      signal.addEventListener("abort", done);
      waiters.add(look);
      look();
      return promise;
    },
    flushed: () => journal.flushed(),
  };
};
