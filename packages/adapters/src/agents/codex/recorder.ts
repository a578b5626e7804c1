/**
 * Facts on their way to the daemon, in order. What comes while a report is being recorded goes with the next one, each with
 * the checkpoint that belongs to it. A slow recorder holds up the reading. After a refusal the generation is over: nothing more is told.
 */
import type { Fact, SessionContext } from "@skein/sdk";

export type Recorder = {
  add(facts: readonly Fact[]): void;
  /** Resolves when all that was added is recorded, or refused. */
  flush(): Promise<void>;
  /** What was added is told, nothing after it. */
  seal(): void;
  /** Nothing more is told. */
  close(): void;
  isOver(): boolean;
  /** What the daemon said as it took no more; undefined while it does. */
  refusal(): unknown;
};

const manyFacts = 1_000;
const fewFacts = 100;

export const makeRecorder = (deps: {
  readonly report: SessionContext["report"];
  readonly checkpoint: () => unknown;
  readonly hold: () => void;
  readonly release: () => void;
  readonly refused: (error: unknown) => void;
}): Recorder => {
  let waiting: Fact[] = [];
  let over = false;
  let refusal: unknown;
  let sealed = false;
  let held = false;
  let running: Promise<void> | null = null;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0 && !over) {
      const facts = waiting;
      waiting = [];
      const checkpoint = deps.checkpoint();
      try {
        await deps.report(checkpoint === undefined ? { facts } : { facts, checkpoint });
      } catch (error) {
        over = true;
        refusal = error;
        deps.refused(error);
      }
      if (held && waiting.length < fewFacts) {
        held = false;
        deps.release();
      }
    }
    running = null;
  };

  return {
    add: (facts) => {
      if (over || sealed || facts.length === 0) return;
      waiting.push(...facts);
      if (!held && waiting.length > manyFacts) {
        held = true;
        deps.hold();
      }
      running ??= drain();
    },
    flush: async () => {
      while (running !== null) await running;
    },
    seal: () => {
      sealed = true;
    },
    close: () => {
      over = true;
    },
    isOver: () => over,
    refusal: () => refusal,
  };
};
