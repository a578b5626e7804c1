/** `-t`, of `wait` and `ask`. */
import { InvalidArgumentError, Option } from "commander";
import { LIMITS } from "@skein/contract/light";
import { parseDuration } from "./format/time.ts";

/** Plain numbers are seconds. */
const parseTimeout = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("Write seconds, or 30m, 2h.");
  if (ms > LIMITS.waitMs) throw new InvalidArgumentError("At most 24h.");
  return ms;
};

export const timeoutOption = (): Option =>
  new Option("-t, --timeout <time>", "300, 30m, 2h: how long at most")
    .argParser(parseTimeout)
    .default(5 * 60_000, "5m");
