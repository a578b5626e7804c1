/** Lets callers sleep until a session changes. No polling: the commit wakes them. */
import type { Changes } from "./ports.ts";

export const makeChanges = (): Changes => {
  const sleepers = new Map<string, Set<() => void>>();
  return {
    published: (streams) => {
      if (sleepers.size === 0) return;
      const awake = new Set<() => void>();
      for (const stream of streams) for (const wake of sleepers.get(stream) ?? []) awake.add(wake);
      for (const wake of awake) wake();
    },
    next: (streams, signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          for (const stream of streams) {
            const set = sleepers.get(stream);
            set?.delete(wake);
            if (set?.size === 0) sleepers.delete(stream);
          }
          signal.removeEventListener("abort", wake);
          resolve();
        };
        if (signal.aborted) return resolve();
        for (const stream of streams) {
          const set = sleepers.get(stream) ?? new Set();
          sleepers.set(stream, set.add(wake));
        }
        signal.addEventListener("abort", wake);
      }),
  };
};
