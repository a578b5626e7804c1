/** Runs a program by its arguments for its words; null when it is not there, fails, or takes too long. Leaves nothing behind. */
import { execFile } from "node:child_process";
import type { Env } from "../place.ts";

const MOST_MS = 5_000;

export const wordsOf = (
  program: string,
  args: readonly string[],
  env: Env,
): Promise<string | null> =>
  new Promise((resolve) => {
    const options = { timeout: MOST_MS, killSignal: "SIGKILL" as const, env: { ...env } };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve(error === null ? (stdout.trim() || stderr.trim()).slice(0, 500) : null);
    });
  });
