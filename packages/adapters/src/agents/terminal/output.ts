/** That a terminal's program writes, without what it writes. */
import { pause, isAdapterFailure, type Clock, type Terminals } from "@skein/sdk";
import { type Output } from "./quiet.ts";

const RETRY_MS = 1_000;

/** Follows until the signal aborts; what cannot be followed is tried again. Never throws. */
export const followOutput = (
  terminals: Terminals,
  id: string,
  clock: Clock,
  signal: AbortSignal,
): Output => {
  let fresh = true;
  let wake = (): void => {};
  const came = (): void => {
    fresh = true;
    wake();
  };
  const wait = (ms: number): Promise<void> => {
    if (fresh || signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(ms, resolve);
    wake = resolve;
    return promise.finally(cancel);
  };
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const _ of terminals.output(id, signal)) came();
      } catch (error) {
        if (!isAdapterFailure(error) && !signal.aborted) throw error;
      }
      // Its program ended, or the link did: someone else finds out which.
      await pause(clock, RETRY_MS, signal);
    }
  };
  signal.addEventListener("abort", came, { once: true });
  follow().catch(came);
  return {
    wait,
    took: () => {
      const was = fresh;
      fresh = false;
      return was;
    },
  };
};
