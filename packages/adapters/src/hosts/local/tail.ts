/** Lines of a growing file, from an offset, as they come. */
import { closeSync, fstatSync, openSync, read, readSync, watch } from "node:fs";
import { promisify } from "node:util";
import type { Clock, SpoolLine } from "@skein/sdk";
import { makeLineCutter } from "../lines.ts";
import { fileFault } from "../refusals.ts";

// Plain descriptors: a FileHandle that a forgotten iterator leaves behind ends the whole process when it is collected.
const readAsync = promisify(read);

const directBytes = 16 * 1024;
const chunkBytes = 256 * 1024;
/** The kernel tells of every append; this is for file systems whose kernel does not (network mounts). */
const fallbackPollMs = 500;
/** When not even a watch can be had (its limit is reached), the poll is all there is. */
const pollWithoutWatchMs = 50;

/** Something that is so from some moment on, and can be waited for. */
export type Ending = {
  readonly done: () => boolean;
  readonly listen: (run: () => void) => () => void;
};

/** Wakes a reader when the file grew, when it is over, or when it is time to look for oneself. */
const makeBell = (path: string, clock: Clock, endings: readonly Ending[]) => {
  let rung = false;
  let wake: (() => void) | null = null;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  const unlisten = endings.map((ending) => ending.listen(ring));
  let watcher: ReturnType<typeof watch> | null = null;
  let pollMs = fallbackPollMs;
  const withoutWatch = (): void => {
    watcher?.close();
    watcher = null;
    pollMs = pollWithoutWatchMs;
  };
  try {
    watcher = watch(path, { persistent: false }, ring).on("error", withoutWatch);
  } catch {
    withoutWatch();
  }
  return {
    async wait(): Promise<void> {
      if (!rung) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const cancel = clock.after(pollMs, resolve);
        await promise;
        cancel();
        wake = null;
      }
      rung = false;
    },
    close(): void {
      watcher?.close();
      for (const off of unlisten) off();
    },
  };
};

/**
 * What was just appended stands in the page cache: the first read of a wake is done on the spot, which saves the way to another
 * thread and back for every word of an agent. A backlog is read elsewhere, so that nobody waits for it.
 */
const readAll = async function* (
  file: number,
  from: number,
  stop: () => boolean,
): AsyncGenerator<Buffer> {
  let at = from;
  for (let isFirst = true; !stop(); isFirst = false) {
    const bytes = isFirst ? readNow(file, at) : await readLater(file, at);
    if (bytes.length === 0) return;
    at += bytes.length;
    yield bytes;
    // It was all there was.
    if (isFirst && bytes.length < directBytes) return;
  }
};

const unread = (error: unknown) => fileFault("An agent's words cannot be read", error);

const readNow = (file: number, at: number): Buffer => {
  const buffer = Buffer.allocUnsafe(directBytes);
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, directBytes, at));
  } catch (error) {
    throw unread(error);
  }
};

const readLater = async (file: number, at: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const read = readAsync(file, buffer, 0, chunkBytes, at);
  const { bytesRead } = await read.catch((error: unknown) => {
    throw unread(error);
  });
  return buffer.subarray(0, bytesRead);
};

/** null: there is none. Throws an AdapterFailure. */
const openIfThere = (path: string): number | null => {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unread(error);
  }
};

/** Whoever removed the file has its words; that the process ends is still to be told. */
const either = (ends: Ends): Promise<void> =>
  new Promise((resolve) => {
    for (const ending of [ends.dead, ends.closed]) ending.listen(resolve);
  });

type Ends = { readonly dead: Ending; readonly closed: Ending };

/**
 * Whole lines from byte `from`; ends when `closed`, or when the writer is `dead` and all has been given, a last line
 * without newline too. Reads only when asked: the reader sets the pace, and no more than one chunk and one line are held.
 */
export const tail = async function* (
  path: string,
  from: number,
  ends: Ends,
  clock: Clock,
): AsyncGenerator<SpoolLine> {
  if (ends.closed.done()) return;
  const file = openIfThere(path);
  if (file === null) return either(ends);
  const bell = makeBell(path, clock, [ends.dead, ends.closed]);
  const cutter = makeLineCutter(from);
  let at = from;
  try {
    for (;;) {
      // Asked before reading: what it wrote before it died is then in the file for certain.
      const wasDead = ends.dead.done();
      for await (const bytes of readAll(file, at, ends.closed.done)) {
        at += bytes.length;
        for (const line of cutter.push(bytes)) {
          if (ends.closed.done()) return;
          yield line;
        }
      }
      if (ends.closed.done()) return;
      if (wasDead) break;
      await bell.wait();
    }
    const rest = cutter.rest();
    if (rest !== null) yield rest;
  } finally {
    bell.close();
    closeSync(file);
  }
};

/** The lines of a file that nobody writes any more; none when there is no such file. */
export const readSpool = async function* (path: string, from: number): AsyncGenerator<SpoolLine> {
  const file = openIfThere(path);
  if (file === null) return;
  try {
    const cutter = makeLineCutter(from);
    const never = () => false;
    for await (const bytes of readAll(file, from, never)) {
      yield* cutter.push(bytes);
    }
    const rest = cutter.rest();
    if (rest !== null) yield rest;
  } finally {
    closeSync(file);
  }
};

/** The newest bytes of a file, as text; empty when there is no such file. */
export const readEnd = async (path: string, bytes: number): Promise<string> => {
  const file = openIfThere(path);
  if (file === null) return "";
  try {
    const { size } = fstatSync(file);
    const length = Math.min(bytes, size);
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await readAsync(file, buffer, 0, length, size - length);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    closeSync(file);
  }
};
