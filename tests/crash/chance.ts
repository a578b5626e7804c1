/** Chance that can be had again: the same seed, the same choices. Set with SKEIN_CRASH_SEED; printed by whoever uses it. */

export type Chance = {
  /** At least 0, less than 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  pick<T>(from: readonly T[]): T;
};

/** mulberry32: 32 bits of state are plenty for choosing where to pull the plug. */
export const makeChance = (seed: number): Chance => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (from) => {
      const chosen = from[Math.floor(next() * from.length)];
      if (chosen === undefined) throw new Error("There is nothing to choose from.");
      return chosen;
    },
  };
};

export const chooseSeed = (): number => {
  const set = Number(process.env["SKEIN_CRASH_SEED"]);
  return Number.isSafeInteger(set) && set > 0 ? set : (Date.now() % 1_000_000) + 1;
};
