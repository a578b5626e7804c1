/**
 * Facts on their way to the record: in order, those that are ready together in one report, with the place up to which the
 * spool has been read. While one report is being synced the next one gathers.
 */
import type { Fact, Report, SessionContext } from "@skein/sdk";

/** A reader that is this far ahead of the record waits for it. */
const maxFacts = 1_000;

/** How far the agent's words have been read: the checkpoint, made when it is needed. */
export type Mark = {
  readonly checkpoint: () => unknown;
  readonly source?: NonNullable<Report["source"]>;
};

export type Journal = {
  /** Facts of the words up to `mark`. Resolves when the reader may go on; rejects when the generation is over. */
  add(facts: readonly Fact[], mark: Mark): Promise<void>;
  /** Resolves when all that was added is recorded; rejects when the generation is over. */
  flushed(): Promise<void>;
};

/** `settle` does what must be done before the facts are told. Must not throw. */
export const makeJournal = (
  context: Pick<SessionContext, "report">,
  settle: (facts: readonly Fact[]) => Promise<readonly Fact[]>,
): Journal => {
  let waiting: Fact[] = [];
  let mark: Mark | null = null;
  let writing: Promise<void> | null = null;
  let failed: unknown = null;

  const writeAll = async (): Promise<void> => {
    while (mark !== null) {
      const { checkpoint, source = "protocol" } = mark;
      const facts = waiting;
      waiting = [];
      mark = null;
      await context.report({ facts: await settle(facts), checkpoint: checkpoint(), source });
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
