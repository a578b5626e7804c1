/** Waiting for what nobody tells (the kernel, a vendor's file). Whatever tells itself is waited for by its receipt instead. */
import { setTimeout as sleep } from "node:timers/promises";

const lookMs = 20;
const patienceMs = 20_000;

/** Looks again and again until it passes, or so long; resolves with what it saw last. */
export const settled = async <T>(
  look: () => Promise<T> | T,
  passes: (seen: T) => boolean,
  ms = patienceMs,
): Promise<T> => {
  const until = performance.now() + ms;
  let seen = await look();
  while (!passes(seen) && performance.now() < until) {
    await sleep(lookMs);
    seen = await look();
  }
  return seen;
};
