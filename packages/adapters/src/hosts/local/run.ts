/** A short command, by argv, with an end: its own or the clock's. */
import type { Clock, Host, RunResult } from "@skein/sdk";
import { notStarted } from "../refusals.ts";
import { spawnPiped } from "./piped.ts";
import { send } from "./sweep.ts";

type Options = Parameters<Host["run"]>[1];

const defaultMaxBytes = 1024 * 1024;

/** Keeps the first bytes and drops the rest, but goes on reading: a full pipe would stop the command. */
const makeSink = (maxBytes: number) => {
  const parts: Buffer[] = [];
  let kept = 0;
  return {
    take(bytes: Buffer): void {
      const part = bytes.subarray(0, Math.max(0, maxBytes - kept));
      kept += part.length;
      if (part.length > 0) parts.push(part);
    },
    text: (): string => Buffer.concat(parts).toString("utf8"),
  };
};

export const runCommand = async (
  clock: Clock,
  argv: readonly [string, ...string[]],
  options: Options,
): Promise<RunResult> => {
  const child = spawnPiped(argv, options);
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const [stdout, stderr] = [makeSink(maxBytes), makeSink(maxBytes)];
  let timedOut = false;
  const end = (): void => {
    if (child.pid !== undefined) send(-child.pid, "SIGKILL");
    // A child of it in another session may hold the pipes open: without this, `close` would wait for that one.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const cancel = clock.after(options.timeoutMs, () => {
    timedOut = true;
    end();
  });
  const settled = (): void => {
    cancel();
    options.signal?.removeEventListener("abort", end);
  };
  if (options.signal?.aborted) end();
  else options.signal?.addEventListener("abort", end, { once: true });

  child.stdout.on("data", (bytes: Buffer) => stdout.take(bytes));
  child.stderr.on("data", (bytes: Buffer) => stderr.take(bytes));
  // It may end without reading its input; that is its right.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  child.once("error", (error) => {
    settled();
    if (child.pid === undefined) reject(notStarted(argv[0], error));
  });
  child.once("close", (exitCode, signal) => {
    settled();
    resolve({ exitCode, signal, stdout: stdout.text(), stderr: stderr.text(), timedOut });
  });
  return promise;
};
