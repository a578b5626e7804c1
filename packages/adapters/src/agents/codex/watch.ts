/** Waiting for something to come true, without asking again and again. */
import type { Clock } from "@skein/sdk";

export type Watch = {
  /** Something has changed. */
  look(): void;
  /** Whether `test` came true within `ms`; false at once when `stopped` does. */
  until(test: () => boolean, stopped: () => boolean, ms: number): Promise<boolean>;
};

export const makeWatch = (clock: Clock): Watch => {
  const looks = new Set<() => void>();
  return {
    look: () => {
      for (const look of looks) look();
    },
    until: (test, stopped, ms) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const stop = clock.after(ms, () => resolve(test()));
      const look = (): void => {
        if (test()) resolve(true);
        else if (stopped()) resolve(false);
      };
      looks.add(look);
      look();
      return promise.finally(() => {
        looks.delete(look);
        stop();
      });
    },
  };
};
