/**
 * Tells who typed what became of it. That it was typed is told a moment later, in one frame for all that was typed meanwhile:
 * what the keys bring to the screen goes first.
 */
import { LIMITS, type TerminalServerFrame } from "@skein/contract";
import type { Clock } from "@skein/sdk";
import type { Seat } from "./seat.ts";

export type Refusal = Extract<TerminalServerFrame, { type: "refused" }>["reason"];

export type Told = {
  typed(seat: Seat, seq: number): void;
  /** At once: no later `typed` may come before it. */
  refused(seat: Seat, seq: number, reason: Refusal): void;
};

/** Nothing is to be closed: what is yet to be told to a line that is closed is nobody's. */
export const makeTold = (clock: Clock): Told => {
  const typed = new Map<Seat, number>();
  const tell = (): void => {
    for (const [{ line }, seq] of typed) line.text({ type: "typed", seq });
    typed.clear();
  };
  return {
    typed: (seat, seq) => {
      if (typed.size === 0) clock.after(LIMITS.terminalCoalesceMs, tell);
      typed.set(seat, Math.max(seq, typed.get(seat) ?? 0));
    },
    refused: (seat, seq, reason) => seat.line.text({ type: "refused", seq, reason }),
  };
};
