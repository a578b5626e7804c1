/** Runs systemctl or launchctl and says what came of it. */
import { execFile } from "node:child_process";
import type { Env } from "../place.ts";

export type Ran = {
  /** null: there is no such program. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
};

export type RunProgram = (program: string, ...args: string[]) => Promise<Ran>;

const PATIENCE_MS = 30_000;
const MOST_BYTES = 65_536;

/** Never rejects. By argv, with the caller's own environment. */
export const makeRunProgram =
  (env: Env, signal: AbortSignal): RunProgram =>
  (program, ...args) =>
    new Promise((resolve) => {
      const options = { env, signal, timeout: PATIENCE_MS, maxBuffer: MOST_BYTES };
      execFile(program, args, options, (error, stdout, stderr) => {
        const failed = error as (Error & { code?: number | string }) | null;
        const code = failed === null ? 0 : typeof failed.code === "number" ? failed.code : 1;
        const err = stderr.trim() === "" ? (failed?.message ?? "") : stderr.trim();
        resolve({ code: failed?.code === "ENOENT" ? null : code, out: stdout.trim(), err });
      });
    });
