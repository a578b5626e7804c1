/** An attached process: it lives as long as this daemon holds it. */
import { Readable } from "node:stream";
import type { Host, Pipe } from "@skein/sdk";
import { notStarted } from "../refusals.ts";
import { drained } from "../streams.ts";
import { spawnPiped } from "./piped.ts";
import { send } from "./sweep.ts";

const errorBytes = 8 * 1024;

/** Not the child's own stream: what is in that when the child exits and nobody reads, Node throws away. No pipe between the two: each hop costs a terminal's echo time. */
const makeOutput = (stdout: Readable): { readonly output: Readable; end(): void } => {
  let isOver = false;
  const output = new Readable({ read: () => void stdout.resume() });
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    output.push(null);
  };
  stdout.on("data", (bytes: Buffer) => {
    if (!isOver && !output.push(bytes)) stdout.pause();
  });
  stdout.on("end", end);
  stdout.on("close", end);
  return { output, end };
};

export const openPipe: Host["open"] = async (argv, options) => {
  const [program] = argv;
  const child = spawnPiped(argv, options);
  const { output, end } = makeOutput(child.stdout);
  let errors = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    errors = (errors + text).slice(-errorBytes);
  });
  // What was not taken is told by `write`; a reader that has left is no fault.
  child.stdin.on("error", () => undefined);
  child.stdout.on("error", () => undefined);
  const ended: Pipe["ended"] = new Promise((resolve) => {
    child.once("close", (exitCode, signal) =>
      resolve({ exitCode, signal, witnessed: true, errors, linkLost: false }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => reject(notStarted(program, error)));
  });
  return {
    output,
    ended,
    write: async (bytes) => {
      if (child.stdin.destroyed) throw notStarted(program, new Error("it has ended"));
      if (!child.stdin.write(bytes)) await drained(child.stdin);
    },
    close: () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        send(-child.pid, "SIGKILL");
      child.stdin.destroy();
      child.stdout.destroy();
      end();
      child.stderr.destroy();
    },
  };
};
