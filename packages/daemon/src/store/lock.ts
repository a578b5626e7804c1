/**
 * One daemon for each state folder.
 *
 * The lock is a write lock that SQLite holds on a file of its own: a POSIX record lock on an open descriptor. The kernel gives it
 * back however the process ends, a child does not inherit it, and the file's presence means nothing, so none is ever stale.
 * BEGIN IMMEDIATE, not EXCLUSIVE: it takes one single byte, so of twenty at once exactly one gets it; with EXCLUSIVE two
 * that look at each other's shared lock can both give up, and nobody wins.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeFolder } from "../folders.ts";
import { asOpenRefusal, notWritable } from "./failure.ts";

type Lock = {
  /** Gives the folder to the next one. Safe to call twice. */
  release(): void;
};

/** SQLite's result code for a lock that someone else holds. */
const BUSY = 5;

/** The lock on a state folder, at once; null when another process (or another part of this one) holds it. Throws a Refusal when the folder cannot be written. */
export const acquireLock = (folder: string): Lock | null => {
  const run = join(folder, "run");
  const file = join(run, "daemon.lock");
  try {
    makeFolder(run);
  } catch {
    throw notWritable(run);
  }
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec("BEGIN IMMEDIATE");
  } catch (error) {
    db?.close();
    if (isBusy(error)) return null;
    throw asOpenRefusal(error, file);
  }
  const held = db;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
};

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === BUSY;
