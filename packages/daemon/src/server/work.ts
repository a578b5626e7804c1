/** What is under way, so that the daemon can stop without cutting it off. */
import type { ServerClock } from "./settings.ts";

export type Work = {
  /** Counts one; call the returned function once when it is over. */
  begin(): () => void;
  /** True once nothing new is accepted. */
  readonly stopping: boolean;
  /** Aborted soon after stopping began: reads that wait for something give up. */
  readonly reads: AbortSignal;
  /** Aborted when the time for draining is over. */
  readonly writes: AbortSignal;
  /** Stops: reads get `graceMs`, all gets `drainMs`. Resolves when nothing is under way or the time is over. */
  drain(graceMs: number, drainMs: number): Promise<void>;
};

export const makeWork = (clock: ServerClock): Work => {
  const reads = new AbortController();
  const writes = new AbortController();
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
    begin: () => {
      count += 1;
      return end;
    },
    get stopping() {
      return stopping;
    },
    reads: reads.signal,
    writes: writes.signal,
    drain: async (graceMs, drainMs) => {
      stopping = true;
      await idleWithin(graceMs);
      reads.abort();
      await idleWithin(Math.max(0, drainMs - graceMs));
      writes.abort();
    },
  };
};
