/** Whether a host answers, as those who want to know are told. */
import type { Clock, Reach } from "@skein/sdk";

type ReachWatch = {
  now(): Reach;
  reached(): void;
  /** Since when: from the first of several reasons on. */
  lost(reason: string, remedy: string): void;
  onReach(changed: (reach: Reach) => void): () => void;
  /** Resolves when it is reachable, or the signal aborts. */
  up(signal: AbortSignal): Promise<void>;
};

export const makeReachWatch = (clock: Clock, begun: string): ReachWatch => {
  const listeners = new Set<(reach: Reach) => void>();
  const instant = (): string => new Date(clock.now()).toISOString();
  let reach: Reach = { state: "unreachable", since: instant(), reason: begun, remedy: null };

  const tell = (next: Reach): void => {
    reach = next;
    for (const changed of listeners) changed(next);
  };
  const onReach: ReachWatch["onReach"] = (changed) => {
    listeners.add(changed);
    return () => void listeners.delete(changed);
  };
  return {
    now: () => reach,
    onReach,
    reached: () => tell({ state: "reachable" }),
    lost: (reason, remedy) => {
      const since = reach.state === "unreachable" ? reach.since : instant();
      if (reach.state === "reachable" || reach.reason !== reason)
        tell({ state: "unreachable", since, reason, remedy });
    },
    up: async (signal) => {
      if (reach.state === "reachable" || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = (): void => resolve();
      const off = onReach((next) => next.state === "reachable" && resolve());
      signal.addEventListener("abort", stop, { once: true });
      await promise;
      signal.removeEventListener("abort", stop);
      off();
    },
  };
};
