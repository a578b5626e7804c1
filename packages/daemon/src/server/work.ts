/** What is under way, so that the daemon can stop without cutting it off. */
import type { ServerClock } from "./settings.ts";

export type Work = {
  /**
   * Counts one; call the returned function once when it is over. `giveUp`: it waits for something and may be told to stop
   * soon after stopping began; without it, it is let run until the time for draining is over.
   */
  begin(giveUp?: () => void): () => void;
  /** True once nothing new is accepted. */
  readonly stopping: boolean;
  /** Aborted when the time for draining is over. */
  readonly writes: AbortSignal;
  /** Stops: what may give up gets `graceMs`, all gets `drainMs`. Resolves when nothing is under way or the time is over. */
  drain(graceMs: number, drainMs: number): Promise<void>;
};

export const makeWork = (clock: ServerClock): Work => {
  const writes = new AbortController();
  const patient = new Set<() => void>();
  let count = 0;
  let stopping = false;
  let onIdle: (() => void) | null = null;

  const end = (): void => {
    count -= 1;
    if (count === 0) onIdle?.();
  };

  const idleWithin = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (count === 0) return resolve();
      const cancel = clock.after(ms, resolve);
      onIdle = () => {
        cancel();
        resolve();
      };
    });

  return {
    begin: (giveUp) => {
      count += 1;
      if (giveUp === undefined) return end;
      // Several may share one way to give up: each has a place of its own.
      const place = (): void => giveUp();
      patient.add(place);
      return () => {
        patient.delete(place);
        end();
      };
    },
    get stopping() {
      return stopping;
    },
    writes: writes.signal,
    drain: async (graceMs, drainMs) => {
      stopping = true;
      await idleWithin(graceMs);
      for (const giveUp of patient) giveUp();
      await idleWithin(Math.max(0, drainMs - graceMs));
      writes.abort();
    },
  };
};
