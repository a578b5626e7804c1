/** `-t`, of `wait` and `ask`. */
import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "./format/time.ts";

/** A day, as the contract's LIMITS.waitMs. */
const MOST_MS = 24 * 3_600_000;

/** Plain numbers are seconds. */
const parseTimeout = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("Write seconds, or 30m, 2h.");
  if (ms > MOST_MS) throw new InvalidArgumentError("At most 24h.");
  return ms;
};

export const timeoutOption = (): Option =>
  new Option("-t, --timeout <time>", "300, 30m, 2h: how long at most")
    .argParser(parseTimeout)
    .default(5 * 60_000, "5m");
