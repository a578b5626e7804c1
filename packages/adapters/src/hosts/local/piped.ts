/** A child in a process group of its own, so that what it started can be ended with it, and with all three streams. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { withStreams } from "../streams.ts";

type Options = {
  readonly env: Readonly<Record<string, string>>;
  readonly folder?: string;
};

/** Throws an AdapterFailure for what `spawn` says at once; that there is no such program is told by the child's `error`. */
export const spawnPiped = (
  [program, ...args]: readonly [string, ...string[]],
  { env, folder }: Options,
): ChildProcessWithoutNullStreams =>
  withStreams(program, () =>
    spawn(program, args, {
      env,
      ...(folder === undefined ? {} : { cwd: folder }),
      detached: true,
      stdio: "pipe",
    }),
  );
