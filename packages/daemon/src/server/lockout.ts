/**
 * Ten failures lock an address out, over HTTP and sockets together, loopback too. The table is bounded: the address
 * that failed longest ago is forgotten first.
 *
 * Success forgives nothing: whoever holds a narrow token must not be able to buy more guesses with it.
 */
import type { ServerClock } from "./settings.ts";

export type Lockout = {
  /** Milliseconds until the address may try again; 0 when it may now. */
  lockedFor(address: string): number;
  /** Counts one failure. `seen`, when given, is what failed: the same again counts once (a browser's stale cookie). */
  failed(address: string, seen?: string): void;
};

type Entry = { failures: number; until: number; seen: string | null };

const MAX_ADDRESSES = 4_096;

export const makeLockout = (deps: {
  readonly clock: ServerClock;
  readonly failures: number;
  readonly lockMs: number;
}): Lockout => {
  const { clock, failures, lockMs } = deps;
  const table = new Map<string, Entry>();

  const current = (address: string): Entry | undefined => {
    const entry = table.get(address);
    if (entry === undefined || entry.until > clock.monotonic()) return entry;
    table.delete(address);
    return undefined;
  };

  return {
    lockedFor: (address) => {
      const entry = current(address);
      if (entry === undefined || entry.failures < failures) return 0;
      return entry.until - clock.monotonic();
    },
    failed: (address, seen) => {
      const entry = current(address) ?? { failures: 0, until: 0, seen: null };
      if (seen !== undefined && entry.seen === seen) return;
      if (entry.failures >= failures) return;
      entry.failures += 1;
      entry.until = clock.monotonic() + lockMs;
      entry.seen = seen ?? entry.seen;
      table.delete(address);
      table.set(address, entry);
      if (table.size > MAX_ADDRESSES) table.delete(table.keys().next().value as string);
    },
  };
};
