/**
 * When output goes out: the first byte at once, what follows on it gathered for some milliseconds. And when it is held up: only
 * while every viewer has all that may be under way to it, and not for longer than a moment.
 */
import { LIMITS } from "@skein/contract";
import type { Clock } from "@skein/sdk";

export type Delivery = {
  /** There is something to deliver. */
  soon(): void;
  /** undefined: go on reading. Otherwise resolves when somebody has room again, or has had the time to make some. */
  hold(): Promise<void> | undefined;
  /** Somebody may have room. */
  release(): void;
  close(): void;
};

const HOLD_MS = 500;

export const makeDelivery = (
  clock: Clock,
  /** true: someone could take more, or nobody is there. */
  hasRoom: () => boolean,
  deliver: () => void,
): Delivery => {
  let last = -Infinity;
  let cancelSoon: (() => void) | null = null;
  let held: { readonly resolve: () => void; readonly cancel: () => void } | null = null;
  /** Nobody made room in time: nothing is held up before somebody does. */
  let stuck = false;

  const go = (): void => {
    cancelSoon = null;
    last = clock.monotonic();
    deliver();
  };
  const release = (): void => {
    stuck = false;
    if (held === null) return;
    const { resolve, cancel } = held;
    held = null;
    cancel();
    resolve();
  };

  return {
    soon: () => {
      if (cancelSoon !== null) return;
      const since = clock.monotonic() - last;
      if (since >= LIMITS.terminalCoalesceMs) go();
      else cancelSoon = clock.after(LIMITS.terminalCoalesceMs - since, go);
    },
    hold: () => {
      if (stuck || hasRoom()) return undefined;
      // What has gathered may be what they wait for.
      cancelSoon?.();
      go();
      if (hasRoom()) return undefined;
      return new Promise((resolve) => {
        const cancel = clock.after(HOLD_MS, () => {
          release();
          stuck = true;
        });
        held = { resolve, cancel };
      });
    },
    release: () => {
      if (hasRoom()) release();
    },
    close: () => {
      cancelSoon?.();
      release();
    },
  };
};
