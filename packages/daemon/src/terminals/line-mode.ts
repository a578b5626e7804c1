/**
 * How long a line may be that is typed into a terminal. A program that reads whole lines leaves their keeping to the kernel, and
 * that drops without a word what one line has beyond its buffer.
 */
import { lineTooLong } from "./failures.ts";
import type { Tmux } from "./tmux.ts";

const CALL_MS = 4_000;
const PATH = "/usr/bin:/bin";

/** stty's flag for another terminal than its own, and what a line may have there without its end: Linux N_TTY, BSD MAX_CANON. */
const SYSTEMS = [
  { flag: "-F", bytes: 4_095 },
  { flag: "-f", bytes: 1_023 },
] as const;
const LEAST_BYTES = 1_023;

const longestOf = (text: string): number =>
  Math.max(...text.split("\n").map((line) => Buffer.byteLength(line)));

/** null: no line is too long, for the program takes keys as they come, or nobody could say. */
const limitOf = async ({ run, host }: Tmux, pane: string): Promise<number | null> => {
  const answer = await run(["display-message", "-p", "-t", pane, "#{pane_tty}"]);
  const tty = answer.is === "done" ? answer.out.trim() : "";
  if (!tty.startsWith("/dev/")) return null;
  for (const { flag, bytes } of SYSTEMS) {
    const argv = ["stty", flag, tty, "-a"] as const;
    const said = await host.run(argv, { env: { PATH }, timeoutMs: CALL_MS }).catch(() => null);
    if (said?.exitCode === 0) return /(?:^|\s)icanon\b/.test(said.stdout) ? bytes : null;
  }
  return null;
};

/** Rejects with an AdapterFailure when a part of the text would surely be lost. */
export const admitLines = async (tmux: Tmux, pane: string, text: string): Promise<void> => {
  const longest = longestOf(text);
  if (longest <= LEAST_BYTES) return;
  const most = await limitOf(tmux, pane);
  if (most !== null && longest > most) throw lineTooLong(longest, most);
};
