/**
 * Rings when something ended in tmux: a client of tmux blocks in `wait-for` until a hook signals it (config.ts). A signal that finds
 * nobody waiting is kept by tmux; only one that found but a client which was dying is lost, so after a new client came there is
 * a look soon.
 */
import type { Clock } from "@skein/sdk";
import { ENDS } from "./config.ts";
import type { Tmux } from "./tmux.ts";

export type Bell = {
  /** Resolves at the next ring, at `wake`, or after `ms`; sooner when it cannot tell. One at a time. Never rejects. */
  next(ms: number): Promise<void>;
  wake(): void;
  /** Nobody waits any more: its client ends, which would hold up the end of the daemon. */
  rest(): void;
};

const SOON_MS = 500;
const RETRY_MS = 1_000;

export const makeBell = (tmux: Tmux, clock: Clock): Bell => {
  let listening = false;
  let wake = (): void => {};
  let rest = (): void => {};

  const listen = async (): Promise<void> => {
    listening = true;
    try {
      const pipe = await tmux.open(["wait-for", ENDS]);
      rest = pipe.close;
      void pipe.ended.then(({ exitCode }) => {
        listening = false;
        // A server that is gone ends the client at once: a look is due, but not in a busy loop.
        if (exitCode === 0) wake();
        else clock.after(RETRY_MS, wake);
      });
    } catch {
      listening = false;
    }
  };

  return {
    wake: () => wake(),
    rest: () => rest(),
    next: async (ms) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const isNew = !listening;
      if (isNew) await listen();
      const cancel = clock.after(
        Math.min(ms, listening ? (isNew ? SOON_MS : ms) : RETRY_MS),
        resolve,
      );
      await promise;
      cancel();
    },
  };
};
