/** A child's streams, as both kinds of hosts need them. */
import { notStarted } from "./refusals.ts";

type Spawned = {
  readonly stdin: unknown;
  on(event: "error", listener: () => void): unknown;
};

/**
 * Starts a child whose three streams are pipes. Throws an AdapterFailure where it cannot even be tried; that there is no such
 * program, or no room for a process, is told by the child's `error`.
 */
export const withStreams = <Child extends Spawned>(program: string, start: () => Child): Child => {
  let child: Child;
  try {
    child = start();
  } catch (error) {
    throw notStarted(program, error);
  }
  // Without a descriptor left for them Node makes none, whatever the type says, and tells why when nobody listens yet.
  if (child.stdin !== undefined) return child;
  child.on("error", () => undefined);
  const cause = Object.assign(new Error("too many open files (EMFILE)"), { code: "EMFILE" });
  throw notStarted(program, cause);
};

/** Resolves when the stream has room again, or is gone. */
export const drained = (stream: NodeJS.WritableStream): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
