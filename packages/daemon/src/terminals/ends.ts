/** Waits for programs to end: looks when the bell rings, so nothing is asked again and again while all runs. */
import type { Clock, Exit } from "@skein/sdk";
import { makeBell } from "./bell.ts";
import { listPanes, type Pane } from "./panes.ts";
import type { Tmux } from "./tmux.ts";

export type End = Pick<Exit, "exitCode" | "signal">;

export type Ends = {
  /** Resolves when the terminal's program is dead or the terminal surely gone; never on `unknown`. Rejects when the signal aborts. */
  wait(id: string, signal: AbortSignal): Promise<End>;
};

/** A lost ring costs at most this. */
const LOOK_MS = 30_000;
const UNKNOWN_MS = 1_000;

/** tmux sees a program's terminal close some moments before it hears how the program ended. */
const SETTLE_MS = 50;
const SETTLE_LOOKS = 40;

type Waiter = { readonly id: string; readonly done: (end: End) => void; looks: number };

const endOf = (pane: Pane | undefined, waiter: Waiter): End | "soon" | null => {
  if (pane === undefined) return { exitCode: null, signal: null };
  if (!pane.dead) return null;
  const { exitCode, signal } = pane;
  const told = exitCode !== null || signal !== null;
  return told || (waiter.looks += 1) > SETTLE_LOOKS ? { exitCode, signal } : "soon";
};

export const makeEnds = (tmux: Tmux, clock: Clock): Ends => {
  const waiters = new Set<Waiter>();
  const bell = makeBell(tmux, clock);
  let running = false;

  /** Resolves with when to look again. */
  const look = async (): Promise<number> => {
    const asked = [...waiters];
    const found = await listPanes(tmux);
    if ("is" in found) return UNKNOWN_MS;
    let next = LOOK_MS;
    for (const waiter of asked) {
      const end = endOf(
        found.panes.find((pane) => pane.id === waiter.id),
        waiter,
      );
      if (end === "soon") next = SETTLE_MS;
      else if (end !== null) waiter.done(end);
    }
    return next;
  };

  const loop = async (): Promise<void> => {
    if (running) return;
    running = true;
    while (waiters.size > 0) {
      const ms = await look();
      if (waiters.size > 0) await bell.next(ms);
    }
    running = false;
    bell.rest();
  };

  return {
    wait: (id, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const leave = (): void => {
          waiters.delete(waiter);
          signal.removeEventListener("abort", left);
          bell.wake();
        };
        const left = (): void => {
          leave();
          reject(signal.reason as Error);
        };
        const waiter: Waiter = {
          id,
          looks: 0,
          done: (end) => {
            leave();
            resolve(end);
          },
        };
        signal.addEventListener("abort", left, { once: true });
        waiters.add(waiter);
        // One who comes while all sleep may wait for what has ended already.
        bell.wake();
        void loop();
      }),
  };
};
