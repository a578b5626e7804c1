/** What a person sees while something takes long: a line on stderr that turns, and goes when it is over. */
import type { Cli } from "./cli.ts";
import { duration } from "./format/time.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const QUIET_MS = 300;
const FRAME_MS = 100;

/**
 * Runs `work`; from 300 ms on shows `label` (escaped) with the time it takes, if a person watches. Silent in a pipe.
 * The line is cleared before the result is handed on, also when `work` throws.
 */
export const withProgress = async <T>(
  cli: Cli,
  label: string,
  work: () => Promise<T>,
): Promise<T> => {
  if (!cli.isWatched) return work();
  const began = cli.now();
  let frame = 0;
  const timer = setInterval(() => {
    const took = cli.now() - began;
    if (took < QUIET_MS) return;
    const mark = cli.paintErrors.cyan(FRAMES[frame % FRAMES.length] ?? "");
    frame += 1;
    process.stderr.write(`\r\x1b[2K${mark} ${label} ${cli.paintErrors.dim(duration(took))}`);
  }, FRAME_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (frame > 0) process.stderr.write("\r\x1b[2K");
  }
};
