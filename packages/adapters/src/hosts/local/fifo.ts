/** The writing end of an agent's stdin. */
import { execFile } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import type { Clock } from "@skein/sdk";
import { gone } from "../refusals.ts";

const execute = promisify(execFile);
const firstPauseMs = 1;
const longestPauseMs = 50;

/** Node has no call for it, so the program of that name makes it. Whatever was there before goes. */
export const makeFifo = async (path: string): Promise<void> => {
  await rm(path, { force: true });
  await execute("mkfifo", ["-m", "600", path]);
};

type Fifo = {
  /** Writes the line and a newline, after all lines before it. A reader that is slow, or stopped, makes it wait. */
  write(line: string): Promise<void>;
  /** What still waits is given up, with a failure; a line may have been cut then. */
  close(): void;
};

/** It has no room now, or there is no descriptor to open it with: both pass. */
const isBusy = (error: unknown): boolean =>
  ["EAGAIN", "EMFILE", "ENFILE"].includes((error as NodeJS.ErrnoException).code ?? "");

/**
 * Its own open file description, non-blocking: the agent's end stays as the agent wants it. The kernel takes at most
 * 4096 bytes (PIPE_BUF) whole or not at all; of more, as much as there is room for. No signal tells of room in a FIFO
 * without a libuv handle on it, so a full one is tried again after 1, 2, 4 ... 50 ms.
 */
export const openFifo = (
  path: string,
  deps: {
    readonly clock: Clock;
    readonly alive: () => Promise<boolean>;
  },
): Fifo => {
  let descriptor: number | null = null;
  let closed = false;
  let wake: (() => void) | null = null;
  let last: Promise<void> = Promise.resolve();

  const pause = async (ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    const cancel = deps.clock.after(ms, resolve);
    await promise;
    cancel();
    wake = null;
  };

  const take = (bytes: Buffer): number => {
    try {
      descriptor ??= openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return writeSync(descriptor, bytes);
    } catch (error) {
      if (isBusy(error)) return 0;
      throw gone("the line was not written", error);
    }
  };

  const writeAll = async (line: string): Promise<void> => {
    let rest = Buffer.from(`${line}\n`, "utf8");
    // A child of the agent may hold the reading end open: the pipe alone does not tell that the agent is dead.
    if (!(await deps.alive()) || closed) throw gone("the line was not written");
    for (let pauseMs = firstPauseMs; rest.length > 0;) {
      const taken = take(rest);
      rest = rest.subarray(taken);
      if (rest.length === 0) break;
      pauseMs = taken > 0 ? firstPauseMs : Math.min(longestPauseMs, pauseMs * 2);
      await pause(pauseMs);
      if (!(await deps.alive()) || closed) throw gone("the line was not written whole");
    }
  };

  return {
    write(line) {
      const mine = last.then(() => writeAll(line));
      last = mine.catch(() => undefined);
      return mine;
    },
    close() {
      closed = true;
      wake?.();
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
};
