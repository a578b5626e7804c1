/** When each of the daemon's lives is to end. */
import type { Chance } from "../chance.ts";

/** `most`: how often it may be passed before it kills; what is rare under this load must kill the first time. */
export const FAILPOINTS = [
  ["commit", 30],
  ["publish", 40],
  ["acknowledge", 40],
  ["effect.lease", 3],
  ["effect.settle", 3],
  ["spawn", 3],
  ["fifo.write", 2],
  ["spool.read", 8],
  ["approval.answer", 1],
].flatMap(([name, most]) =>
  (["before", "after"] as const).map((side) => ({ name: String(name), side, most: Number(most) })),
);

export type End =
  | { readonly end: "after"; readonly ms: number }
  | { readonly end: "failpoint"; readonly name: string; readonly setting: string };

/** The share of lives that end at a failpoint; each of them in its turn. */
const SHARE = 0.55;
/** The share of the others that last long enough for the load to build up; the rest die as it begins. */
const LONG = 0.5;

export const planEnds = (cycles: number, chance: Chance): End[] => {
  let next = 0;
  return Array.from({ length: cycles }, () => {
    if (chance.next() >= SHARE) {
      const [low, high] = chance.next() < LONG ? [130, 700] : [10, 130];
      return { end: "after" as const, ms: chance.between(low, high) };
    }
    const { name, side, most } = FAILPOINTS[next++ % FAILPOINTS.length]!;
    const setting = `${name}:${side}:${chance.between(1, most)}`;
    return { end: "failpoint" as const, name: `${name}:${side}`, setting };
  });
};
