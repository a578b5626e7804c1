/**
 * Facts on their way to the record: in order, those that are ready together in one report, with the place up to which the
 * spool has been read. While one report is being synced the next one gathers.
 */
import type { Fact, SessionContext } from "@skein/sdk";
import { toCheckpoint, type State } from "./state.ts";

/** A reader that is this far ahead of the record waits for it. */
const maxFacts = 1_000;

type Mark = { readonly state: State; readonly offset: number };

export type Journal = {
  /** Facts of the words up to `mark`. Resolves when the reader may go on; rejects when the generation is over. */
  add(facts: readonly Fact[], mark: Mark): Promise<void>;
  /** Resolves when all that was added is recorded; rejects when the generation is over. */
  flushed(): Promise<void>;
};

/** `settle` does what must be done before the facts are told. Must not throw. */
export const makeJournal = (
  context: Pick<SessionContext, "report" | "generation">,
  settle: (facts: readonly Fact[]) => Promise<readonly Fact[]>,
): Journal => {
  let waiting: Fact[] = [];
  let mark: Mark | null = null;
  let writing: Promise<void> | null = null;
  let failed: unknown = null;

  const writeAll = async (): Promise<void> => {
    while (mark !== null) {
      const { state, offset } = mark;
      const facts = waiting;
      waiting = [];
      mark = null;
      const checkpoint = toCheckpoint(state, offset, context.generation);
      await context.report({ facts: await settle(facts), checkpoint });
    }
    writing = null;
  };

  return {
    async add(facts, next) {
      if (failed !== null) throw failed;
      waiting.push(...facts);
      mark = next;
      if (writing === null) {
        writing = writeAll();
        // Whoever waits for it is told, and whoever comes next.
        writing.catch((error: unknown) => {
          failed = error;
        });
      }
      if (waiting.length >= maxFacts) await writing;
    },
    async flushed() {
      await writing;
    },
  };
};
