/**
 * When a program's terminal closes, tmux (3.2 to 3.7) throws away what it has not written of its last words: only a snapshot
 * shows them then. That is some moments after the program has ended, or long after: its children may hold the terminal.
 */
import type { Clock } from "@skein/sdk";
import type { Control } from "./control.ts";

export type LastWords = {
  /** The program has ended. */
  watch(): void;
  stop(): void;
};

const LOOK_MS = [20, 50, 100, 250, 500, 1_000, 5_000] as const;

/** `closed`: its terminal is closed, and nothing more comes. A line to tmux that breaks ends it: the next one begins with a snapshot. */
export const makeLastWords = (
  clock: Clock,
  into: () => { readonly control: Control; readonly pane: string } | null,
  closed: () => void,
): LastWords => {
  let cancel = (): void => {};
  let watches = 0;

  const look = (looks: number, watch: number): void => {
    const to = into();
    if (to === null || watch !== watches) return;
    to.control.ask(`display-message -p -t ${to.pane} '#{pane_dead}'`, 1, (replies) => {
      if (watch !== watches || replies?.[0]?.ok !== true) return;
      if (Buffer.from(replies[0].body).toString().trim() === "1") return closed();
      const ms = LOOK_MS[Math.min(looks, LOOK_MS.length - 1)]!;
      cancel = clock.after(ms, () => look(looks + 1, watch));
    });
  };
  const stop = (): void => {
    watches += 1;
    cancel();
  };
  return {
    stop,
    watch: () => {
      stop();
      look(0, watches);
    },
  };
};
