/**
 * What SQLite's result codes mean for the house: full, broken, or a bug.
 * The one rule that matters: after a write or a sync that failed with an I/O error nothing may be acknowledged again,
 * because a second fsync may report success over pages the kernel has already thrown away.
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { refuse } from "@skein/contract";
import type { Refusal } from "@skein/contract";
import { isStoreFailure, storeFailure } from "../engine/ports.ts";
import type { StoreFailure } from "../engine/ports.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** Extended codes: the shared-memory index of the WAL could not be made larger. Nothing was synced or written before it. */
const IOERR_SHMSIZE = 4874;
const IOERR_SHMMAP = 5386;
const CONSTRAINT_PRIMARYKEY = 1555;
const CONSTRAINT_UNIQUE = 2067;

/** Below this a failure to enlarge a file is a full disk, whatever it is called. */
const NO_ROOM_BYTES = 1024 * 1024;

const codeOf = (error: unknown): number | null =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode
    : null;

const hasRoom = (file: string): boolean => {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize >= NO_ROOM_BYTES;
  } catch {
    return true;
  }
};

const isFull = (code: number, file: string): boolean =>
  (code & 0xff) === FULL || ((code === IOERR_SHMSIZE || code === IOERR_SHMMAP) && !hasRoom(file));

/** Whether a key was there already. */
export const isDuplicate = (error: unknown): boolean => {
  const code = codeOf(error);
  return code === CONSTRAINT_UNIQUE || code === CONSTRAINT_PRIMARYKEY;
};

/** The failure of a running store. Gives back what it does not know: that is a bug, and must look like one. */
export const asStoreFailure = (error: unknown, file: string, writing: boolean): unknown => {
  if (isStoreFailure(error)) return error;
  const code = codeOf(error);
  if (code === null) return error;
  const because = error instanceof Error ? error.message : String(error);
  const broken = (message: string, fatal: boolean): StoreFailure =>
    storeFailure(message, { kind: "broken", fatal }, error);

  if (isFull(code, file))
    return storeFailure(`The disk that holds ${file} is full.`, { kind: "full" }, error);
  switch (code & 0xff) {
    case IOERR:
      return broken(`Reading or writing ${file} failed: ${because}.`, writing);
    case CORRUPT:
    case NOTADB:
      return broken(`${file} is damaged: ${because}.`, writing);
    case READONLY:
    case CANTOPEN:
      return broken(`${file} cannot be written any more: ${because}.`, false);
    case BUSY:
      return broken(`Another program has locked ${file}.`, false);
    default:
      return error;
  }
};

/** Why a store did not open: one sentence and a remedy. Gives back what it does not know. */
export const asOpenRefusal = (error: unknown, file: string): unknown => {
  const code = codeOf(error);
  if (code === null) return error;
  if (isFull(code, file)) return diskFull(file);
  switch (code & 0xff) {
    case CORRUPT:
    case NOTADB:
      return damaged(file, error instanceof Error ? error.message : String(error));
    case READONLY:
    case CANTOPEN:
      return notWritable(file);
    case BUSY:
      return refuse(
        "storage_failed",
        `Another program has locked ${file}.`,
        "End the program that has it open (`lsof` names it), then start Skein again.",
      );
    case IOERR:
      return refuse(
        "storage_failed",
        `Reading or writing ${file} failed: ${error instanceof Error ? error.message : ""}.`,
        "Look at the disk (`dmesg`), and copy the state folder to another one before anything else.",
      );
    default:
      return error;
  }
};

export const diskFull = (file: string): Refusal =>
  refuse(
    "storage_full",
    `The disk that holds ${file} is full.`,
    "Free some space there, then start Skein again; nothing was lost.",
  );

export const damaged = (file: string, because: string): Refusal =>
  refuse(
    "storage_failed",
    `${file} is damaged: ${because}.`,
    `Keep a copy of it, then put the newest file of ${dirname(file)}/snapshots in its place, or run \`sqlite3 ${file} .recover\`.`,
  );

export const notWritable = (path: string): Refusal =>
  refuse(
    "storage_failed",
    `${path} cannot be written.`,
    "Give the user that runs Skein the right to write there, or set SKEIN_HOME to a folder where it has it.",
  );
