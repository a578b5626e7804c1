/** Reads the spool through the fold: facts to the journal, words to whoever watches, orders to whoever can carry them out. */
import type { Fact, SessionContext, SpoolLine } from "@skein/sdk";
import type { Order, Settings } from "./fold.ts";
import { makeJournal, type Journal, type Mark } from "./journal.ts";
import { toCheckpoint, type State } from "./state.ts";
import { step } from "./translate.ts";
import { readLine, type AskLine } from "./wire.ts";

export type Reader = {
  state(): State;
  /** Where the next line begins. */
  offset(): number;
  /** A change of ours, between two lines. Recorded with the next report. */
  change(next: (state: State) => State): void;
  /** Facts of ours. */
  tell(facts: readonly Fact[]): Promise<void>;
  /** Reads until the lines end. Rejects when the generation is over, or the spool cannot be read. */
  read(lines: AsyncIterable<SpoolLine>): Promise<void>;
  /** Leaves out what an earlier try has written. */
  skip(lines: AsyncIterable<SpoolLine>): Promise<void>;
  /** Resolves when `passes` is so, or `signal` aborts; looked at after every line and every change. */
  until(passes: (state: State) => boolean, signal: AbortSignal): Promise<void>;
  flushed(): Promise<void>;
};

export const makeReader = (deps: {
  readonly context: SessionContext;
  readonly settings: () => Settings;
  readonly begin: { readonly state: State; readonly offset: number };
  readonly settle: (facts: readonly Fact[]) => Promise<readonly Fact[]>;
  readonly carryOut: (order: Order) => void;
  /** A request was read: its input is needed again when it is answered. */
  readonly keep: (ask: AskLine) => void;
}): Reader => {
  const { context } = deps;
  let { state, offset } = deps.begin;
  const journal: Journal = makeJournal(context, deps.settle);
  const waiters = new Set<() => void>();

  const become = (next: State): void => {
    if (next === state) return;
    state = next;
    for (const look of waiters) look();
  };

  const mark = (): Mark => {
    const now = { state, offset };
    return { checkpoint: () => toCheckpoint(now.state, now.offset, context.generation) };
  };

  const take = async ({ text, cut, end }: SpoolLine): Promise<void> => {
    const line = cut ? ({ type: "garbage" } as const) : readLine(text);
    if (line.type === "ask") deps.keep(line);
    const folded = step(state, line, offset, deps.settings());
    offset = end;
    become(folded.state);
    for (const delta of folded.live) context.live(delta);
    for (const order of folded.orders) deps.carryOut(order);
    if (folded.facts.length > 0) await journal.add(folded.facts, mark());
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
