/**
 * When a program has come to rest. What it shows is all that is known: it has, when that has not changed for so long. A screen is
 * looked at only after the program wrote something, and not more often than looking is cheap.
 */
import { pause, isAdapterFailure, type Clock, type Screen, type Terminals } from "@skein/sdk";
import { lastLine } from "./reading.ts";

const PACE_MS = 80;
/** Looking must cost no more than a small part of the time. */
const PACE_FACTOR = 6;
const MAX_PACE_MS = 2_000;
/** Should a word of the terminal get lost, it is looked at all the same. */
const POLL_MS = 5_000;
/** tmux or the host does not answer: nothing is concluded from that. */
const RETRY_MS = 1_000;

export type Output = {
  /** Resolves at the next output, after `ms`, or when the signal aborts. */
  wait(ms: number): Promise<void>;
  /** Whether there was any since the last call. */
  took(): boolean;
};

export type Watching = {
  readonly terminals: Terminals;
  readonly id: string;
  readonly clock: Clock;
  readonly output: Output;
  readonly history: number;
  readonly signal: AbortSignal;
};

type Rest = {
  readonly quietMs: number;
  /** Whether it may rest with this last line; looked at only when it is quiet. */
  readonly isReady: (lastLine: string) => boolean;
  /** It is quiet and may not rest, again and again while that is so. */
  readonly unready?: (lastLine: string, quietForMs: number) => void;
  /** At every change. true: it has come to its end, quiet or not. */
  readonly changed: (screen: Screen) => boolean;
  /** Of the clock's `monotonic`; from then on it is taken as it is. */
  readonly until?: number;
};

/** A screen, or null while it cannot be had. */
const look = async ({ terminals, id, history }: Watching): Promise<Screen | null> => {
  try {
    return await terminals.screen(id, history);
  } catch (error) {
    if (!isAdapterFailure(error)) throw error;
    return null;
  }
};

/** The screen at rest; null when the signal aborted first. */
export const rested = async (watching: Watching, rest: Rest): Promise<Screen | null> => {
  const { clock, output, signal } = watching;
  let seen: string | null = null;
  let changedAt = clock.monotonic();
  while (!signal.aborted) {
    const began = clock.monotonic();
    output.took();
    const screen = await look(watching);
    if (signal.aborted) return null;
    if (screen === null) {
      await output.wait(RETRY_MS);
      changedAt = clock.monotonic();
      continue;
    }
    const now = clock.monotonic();
    const text = screen.lines.join("\n");
    if (text !== seen) {
      // What was there already when the looking began has not changed.
      changedAt = seen === null ? changedAt : now;
      seen = text;
      if (rest.changed(screen)) return screen;
    }
    const isLate = rest.until !== undefined && now >= rest.until;
    const isQuiet = now - changedAt >= rest.quietMs;
    if (isLate) return screen;
    if (isQuiet && !output.took()) {
      const line = lastLine(screen);
      if (rest.isReady(line)) return screen;
      rest.unready?.(line, now - changedAt);
    }
    const pace = Math.min(MAX_PACE_MS, Math.max(PACE_MS, (now - began) * PACE_FACTOR));
    await pause(clock, Math.min(pace, rest.quietMs), signal);
    const left = isQuiet ? POLL_MS : rest.quietMs - (clock.monotonic() - changedAt);
    const most = rest.until === undefined ? left : Math.min(left, rest.until - clock.monotonic());
    if (most > 0) await output.wait(Math.min(most, POLL_MS));
  }
  return null;
};
