/** Reads the spool through the fold: facts to the journal, words to whoever watches, frames to whoever can write them. */
import type { Fact, SessionContext, SpoolLine } from "@skein/sdk";
import type { Folded, Settings } from "./fold.ts";
import { makeJournal, type Journal } from "./journal.ts";
import type { State } from "./state.ts";
import { step } from "./translate.ts";
import { readLine } from "./wire.ts";

export type Reader = {
  state(): State;
  /** Where the next line begins. */
  offset(): number;
  /** A change of ours, between two lines. Recorded with the next report. */
  change(next: (state: State) => State): void;
  /** A step of ours, between two lines. Resolves when its facts are recorded; its orders are left to the caller. */
  apply(next: (state: State) => Folded): Promise<readonly string[]>;
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
  readonly write: (frame: string) => void;
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

  const take = async ({ text, cut, end }: SpoolLine): Promise<void> => {
    const line = cut ? ({ type: "garbage" } as const) : readLine(text);
    const { state: next, facts, live, orders } = step(state, line, deps.settings());
    offset = end;
    become(next);
    for (const delta of live) context.live(delta);
    for (const frame of orders) deps.write(frame);
    if (facts.length > 0) await journal.add(facts, { state, offset });
  };

  const tell = (facts: readonly Fact[]): Promise<void> =>
    journal.add(facts, { state, offset }).then(() => journal.flushed());

  return {
    state: () => state,
    offset: () => offset,
    change: (next) => become(next(state)),
    apply: async (next) => {
      const { state: after, facts, orders } = next(state);
      become(after);
      if (facts.length > 0) await tell(facts);
      return orders;
    },
    tell,
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
