/** A child in a process group of its own, so that what it started can be ended with it, and with all three streams. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { notStarted } from "../refusals.ts";

type Options = {
  readonly env: Readonly<Record<string, string>>;
  readonly folder?: string;
};

/** That there is no such program is told by its `error`. Throws an AdapterFailure where not even streams can be had. */
export const spawnPiped = (
  [program, ...args]: readonly [string, ...string[]],
  { env, folder }: Options,
): ChildProcessWithoutNullStreams => {
  const child = spawn(program, args, {
    env,
    ...(folder === undefined ? {} : { cwd: folder }),
    detached: true,
    stdio: "pipe",
  });
  // Without a descriptor left for them Node makes none, whatever the type says.
  if ((child.stdout as unknown) !== undefined) return child;
  child.on("error", () => undefined);
  const cause = Object.assign(new Error("too many open files (EMFILE)"), { code: "EMFILE" });
  throw notStarted(program, cause);
};
