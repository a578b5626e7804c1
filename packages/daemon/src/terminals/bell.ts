/**
 * Rings when something ended in tmux: a client of tmux blocks in `wait-for` until a hook signals it (config.ts). A signal that finds
 * nobody waiting is kept by tmux; only one that found but a client which was dying is lost, so after a new client came there is
 * a look soon.
 */
import type { Clock, Pipe } from "@skein/sdk";
import { ENDS } from "./config.ts";
import type { Tmux } from "./tmux.ts";

export type Bell = {
  /**
   * Resolves at the next ring, at `wake`, or after `ms`; sooner when it cannot tell. false: nothing happened in all that time.
   * One at a time. Never rejects.
   */
  next(ms: number): Promise<boolean>;
  wake(): void;
  /** Nobody waits any more: its client ends, which would hold up the end of the daemon. */
  rest(): void;
};

const SOON_MS = 500;
const RETRY_MS = 1_000;

export const makeBell = (tmux: Tmux, clock: Clock): Bell => {
  let client: Pipe | null = null;
  let wake = (): void => {};

  const listen = async (): Promise<void> => {
    try {
      const pipe = await tmux.open(["wait-for", ENDS]);
      client = pipe;
      void pipe.ended.then(({ exitCode }) => {
        if (client !== pipe) return;
        client = null;
        // A server that is gone ends the client at once: a look is due, but not in a busy loop.
        if (exitCode === 0) wake();
        else clock.after(RETRY_MS, () => wake());
      });
    } catch {
      // It is tried again at the next look, which comes soon then.
    }
  };

  return {
    wake: () => wake(),
    rest: () => {
      client?.close();
      client = null;
    },
    next: async (ms) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      wake = () => resolve(true);
      const isNew = client === null;
      if (isNew) await listen();
      const soonest = isNew ? (client === null ? RETRY_MS : SOON_MS) : ms;
      const cancel = clock.after(Math.min(ms, soonest), () => resolve(isNew));
      return promise.finally(cancel);
    },
  };
};
