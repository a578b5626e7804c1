/** When processes end that are no children of this one: nobody is told, so all of them are looked at together. */
import type { Clock, Exit, ProcessRef } from "@skein/sdk";
import type { Processes } from "./processes.ts";

const pollMs = 250;

type ExitWatch = {
  /** Calls `ended` once, when the process is dead; the returned function stops watching. */
  watch(process: ProcessRef, ended: (exit: Exit) => void): () => void;
  /** Looks at once, instead of at the next poll. */
  look(): Promise<void>;
};

/** One timer for all, running only while there is something to watch. */
export const makeExitWatch = (clock: Clock, processes: Processes): ExitWatch => {
  type Watched = { readonly process: ProcessRef; readonly ended: (exit: Exit) => void };
  const watched = new Set<Watched>();
  let cancel: (() => void) | null = null;

  const look = async (): Promise<void> => {
    for (const one of watched) {
      const stat = await processes.stat(one.process.pid).catch(() => "unknown" as const);
      if (stat === "unknown" || stat?.started === one.process.started) continue;
      if (watched.delete(one)) one.ended({ exitCode: null, signal: null, witnessed: false });
    }
  };
  const arm = (): void => {
    if (cancel !== null || watched.size === 0) return;
    cancel = clock.after(pollMs, () => {
      void look().finally(() => {
        cancel = null;
        arm();
      });
    });
  };
  return {
    look,
    watch(process, ended) {
      const one = { process, ended };
      watched.add(one);
      arm();
      return () => {
        watched.delete(one);
      };
    },
  };
};
