/** Files of this machine, as every host shows its own. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock, FileEntry, Files } from "@skein/sdk";
import { fileFault } from "../refusals.ts";
import { tail, type Ending } from "./tail.ts";

const MAX_ENTRIES = 10_000;
const folderMode = 0o700;
/** Between two looks for a file that is not there yet. */
const missingPollMs = 100;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const isMissing = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR", "EISDIR"].includes(codeOf(error) ?? "");

const read: Files["read"] = async (path, { maxBytes, from = 0 }) => {
  try {
    // A FIFO of that name would be waited for without end.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) return null;
    const at = from < 0 ? Math.max(0, found.size + from) : from;
    const buffer = Buffer.alloc(Math.max(0, Math.min(maxBytes, found.size - at)));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (isMissing(error)) return null;
    throw fileFault(`${path} cannot be read`, error);
  }
};

const write: Files["write"] = async (path, text, mode) => {
  const beside = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: folderMode });
    {
      await using file = await open(beside, "wx", mode);
      await file.writeFile(text);
      await file.sync();
    }
    // The mask of the process may have taken away what was asked for.
    await chmod(beside, mode);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw fileFault(`${path} cannot be written`, error);
  }
};

const entryOf = async (folder: string, name: string): Promise<FileEntry | null> => {
  const found = await stat(join(folder, name)).catch(() => null);
  if (found === null) return null;
  const kind = found.isFile() ? "file" : found.isDirectory() ? "directory" : "other";
  return { name, kind, bytes: found.size, modifiedAt: found.mtimeMs };
};

const list: Files["list"] = async (path) => {
  const names = await readdir(path).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR", "EACCES", "EPERM"].includes(codeOf(error) ?? "")) return null;
    throw fileFault(`${path} cannot be read`, error);
  });
  if (names === null) return null;
  const entries = names.slice(0, MAX_ENTRIES).map((name) => entryOf(path, name));
  return (await Promise.all(entries)).filter((one) => one !== null);
};

const never: Ending = { done: () => false, listen: () => () => undefined };

const endingOf = (signal: AbortSignal): Ending => ({
  done: () => signal.aborted,
  listen: (run) => {
    if (signal.aborted) run();
    else signal.addEventListener("abort", run, { once: true });
    return () => signal.removeEventListener("abort", run);
  },
});

/** Resolves when the file is there, or the signal has aborted. */
const appear = async (path: string, clock: Clock, closed: Ending): Promise<void> => {
  while (!closed.done() && (await stat(path).catch(() => null)) === null) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(missingPollMs, resolve);
    const off = closed.listen(resolve);
    await promise;
    cancel();
    off();
  }
};

export const makeFiles = (clock: Clock): Files => ({
  read,
  write,
  list,
  follow: async function* (path, from, signal) {
    const closed = endingOf(signal);
    await appear(path, clock, closed);
    yield* tail(path, from, { dead: never, closed }, clock);
  },
  remove: (path) => rm(path, { recursive: true, force: true }),
});
