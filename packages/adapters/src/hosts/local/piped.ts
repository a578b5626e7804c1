/** A child in a process group of its own, so that what it started can be ended with it, and with all three streams. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { notStarted } from "../refusals.ts";

type Options = {
  readonly env: Readonly<Record<string, string>>;
  readonly folder?: string;
};

/** Throws an AdapterFailure for what `spawn` says at once; that there is no such program is told by the child's `error`. */
export const spawnPiped = (
  argv: readonly [string, ...string[]],
  options: Options,
): ChildProcessWithoutNullStreams => {
  const child = spawned(argv, options);
  // Without a descriptor left for them Node makes no streams, whatever the type says, and tells the error a moment later.
  if ((child.stdout as unknown) !== undefined) return child;
  child.on("error", () => undefined);
  throw notStarted(argv[0], Object.assign(new Error("too many open files"), { code: "EMFILE" }));
};

const spawned = (
  [program, ...args]: readonly [string, ...string[]],
  { env, folder }: Options,
): ChildProcessWithoutNullStreams => {
  try {
    return spawn(program, args, {
      env,
      ...(folder === undefined ? {} : { cwd: folder }),
      detached: true,
      stdio: "pipe",
    });
  } catch (error) {
    throw notStarted(program, error);
  }
};
