/** A scripted answer that lasts until a test lets it go: then how slow the machine is decides nothing. */
import { existsSync } from "node:fs";

const LOOK_MS = 25;
/** An hour, as the longest SLOW: what a test forgot ends all the same. */
const LOOKS = 144_000;

/** Until the file is there; without one, at once. `pause` rejects, or resolves with false, when the answer is broken off: that is passed on. */
export const untilThere = async (
  file: string | undefined,
  pause: (ms: number) => Promise<unknown>,
): Promise<boolean> => {
  for (let look = 0; file !== undefined && look < LOOKS && !existsSync(file); look += 1)
    if ((await pause(LOOK_MS)) === false) return false;
  return true;
};
