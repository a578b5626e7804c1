import { InvalidArgumentError } from "commander";
import { parseDuration } from "./format/time.ts";

/** A day, as the contract's LIMITS.waitMs. */
const MOST_MS = 24 * 3_600_000;

/** `-t`: plain numbers are seconds, as in dev-sessions. */
export const parseTimeout = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("Write seconds, or 30m, 2h.");
  if (ms > MOST_MS) throw new InvalidArgumentError("At most 24h.");
  return ms;
};
