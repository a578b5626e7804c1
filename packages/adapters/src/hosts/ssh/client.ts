/** One process of the system's ssh, and what it says. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Clock } from "@skein/sdk";
import { withStreams } from "../streams.ts";

export type Client = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * In a session of its own: a Ctrl-C at the daemon's terminal is not for it, and it can ask nobody anything. Throws an
 * AdapterFailure where no descriptor is left for its streams; any other failure to start arrives as `error`, and as a `close`
 * after it.
 */
export const spawnSsh = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Client => {
  const child = withStreams("ssh", () =>
    spawn("ssh", args, {
      env: { ...env, SSH_ASKPASS_REQUIRE: "never" },
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    }),
  );
  // It may end without reading all; what was not taken is told by how it ends.
  child.stdin.on("error", () => undefined);
  child.stdout.on("error", () => undefined);
  child.stderr.on("error", () => undefined);
  return child;
};

/** So long an ssh that is to end may take, and so long what it left may hold its streams. */
export const END_MS = 2_000;

/** A ProxyCommand of a person's making may hold the streams for longer than there is an ssh: `close` comes all the same. */
export const letGoOfStreams = (child: Client, clock: Clock): void => {
  child.once("exit", () => {
    const cancel = clock.after(END_MS, () => {
      child.stdout.destroy();
      child.stderr.destroy();
    });
    child.once("close", cancel);
  });
};

/** The newest bytes of a stream, as text. */
export const keepEnd = (stream: Readable, bytes: number): (() => string) => {
  let kept = Buffer.alloc(0);
  stream.on("data", (more: Buffer) => {
    kept = Buffer.concat([kept, more]);
    if (kept.length > bytes) kept = kept.subarray(kept.length - bytes);
  });
  return () => kept.toString("utf8");
};

export const WITHOUT_END = "it prints without end";

/**
 * Looks for a mark that stands alone at the end of a line: what a login's shell prints of its own comes before it. Answers with
 * what stands behind the mark once it was seen, null before. Throws after `limit` bytes without it.
 */
export const makeMarkFinder = (mark: string, limit: number) => {
  const wanted = Buffer.from(`${mark}\n`);
  let before: Buffer | null = Buffer.alloc(0);
  let passed = 0;
  return (bytes: Buffer): Buffer | null => {
    if (before === null) return bytes;
    before = Buffer.concat([before, bytes]);
    const at = before.indexOf(wanted);
    if (at !== -1) {
      const rest = before.subarray(at + wanted.length);
      before = null;
      return rest;
    }
    passed += bytes.length;
    if (passed > limit) throw new Error(WITHOUT_END);
    // Of what is passed over, only the beginning of a mark is kept.
    before = before.subarray(Math.max(0, before.length - wanted.length));
    return null;
  };
};
