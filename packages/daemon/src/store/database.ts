/**
 * How the file is opened: what is looked at before anything is touched, and how the connection is set.
 */
import { accessSync, chmodSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { refuse } from "@skein/contract";
import { asOpenRefusal, damaged, diskFull, notWritable } from "./failure.ts";

/** `Skei`: what SQLite's header says this file belongs to. */
export const APPLICATION_ID = 0x536b6569;

/** SQLite's file header (sqlite.org/fileformat2.html §1.3): the first 100 bytes, big-endian. */
const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const PAGE_SIZE_AT = 16;
const PAGES_AT = 28;
const VERSION_AT = 60;
const APPLICATION_AT = 68;

export type Synchronous = "FULL" | "NORMAL";

/**
 * Opens for writing. Refuses, with nothing touched, what is newer than `known`, not a database, not ours, cut short, or in a
 * place that cannot be written. The caller closes.
 */
export const openDatabase = (
  file: string,
  known: number,
  synchronous: Synchronous,
): DatabaseSync => {
  const probe = inspect(file, known);
  try {
    mustBeWritable(file);
    makePrivate(file);
    const db = new DatabaseSync(file, { timeout: 2_000, enableForeignKeyConstraints: false });
    try {
      configure(db, file, synchronous);
      mustBeOurs(db, file, known);
      keepPrivate(file);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw asOpenRefusal(error, file);
  } finally {
    // Held until here so that the index of a long WAL is built once, not twice.
    probe?.close();
  }
};

/** Whether there is anything in it yet. Throws a Refusal for what `openDatabase` would refuse at its first look; touches nothing. */
export const lookInto = (file: string, known: number): boolean => {
  inspect(file, known)?.close();
  return sizeOf(file) > 0;
};

/** Looks without touching; gives the read-only connection that it needed, if it needed one. */
const inspect = (file: string, known: number): DatabaseSync | null => {
  const size = sizeOf(file);
  if (size === 0) return null;
  const header = readHeader(file);
  if (header.toString("latin1", 0, MAGIC.length) !== MAGIC)
    throw damaged(file, "its beginning is not that of a database");
  mustNotBeNewer(file, header.readInt32BE(VERSION_AT), known);
  const application = header.readInt32BE(APPLICATION_AT);
  if (application !== 0 && application !== APPLICATION_ID) throw foreign(file);

  if (sizeOf(`${file}-wal`) === 0) {
    const pages = header.readUInt32BE(PAGES_AT);
    const pageSize = header.readUInt16BE(PAGE_SIZE_AT);
    if (size < pages * (pageSize === 1 ? 65_536 : pageSize))
      throw damaged(file, "it is shorter than it says it is");
    return null;
  }
  // The newest header may lie in the WAL; a read-only connection sees it and cannot write either file.
  const probe = openReadOnly(file);
  try {
    mustNotBeNewer(file, userVersion(probe), known);
    return probe;
  } catch (error) {
    probe.close();
    throw asOpenRefusal(error, file);
  }
};

const openReadOnly = (file: string): DatabaseSync => {
  try {
    return new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
  } catch (error) {
    throw asOpenRefusal(error, file);
  }
};

const configure = (db: DatabaseSync, file: string, synchronous: Synchronous): void => {
  const mode = db.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal")
    throw refuse(
      "storage_failed",
      `The file system of ${file} cannot hold a write-ahead log.`,
      "Set SKEIN_HOME to a folder on a local disk; network shares do not work.",
    );
  db.exec(`
    PRAGMA synchronous = ${synchronous};
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA cache_size = -4000;
    PRAGMA mmap_size = 0;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
  `);
};

const mustBeOurs = (db: DatabaseSync, file: string, known: number): void => {
  const version = userVersion(db);
  mustNotBeNewer(file, version, known);
  if (version > 0) return;
  if (db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined) throw foreign(file);
};

export const userVersion = (db: DatabaseSync): number =>
  Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);

const mustNotBeNewer = (file: string, version: number, known: number): void => {
  if (version <= known) return;
  throw refuse(
    "storage_failed",
    `${file} was made by a newer Skein (schema ${version}; this one knows ${known}); nothing was touched.`,
    `Install that version again, or put a snapshot that this one made in its place (${dirname(file)}/snapshots).`,
    { found: version, known },
  );
};

const foreign = (file: string) =>
  refuse(
    "storage_failed",
    `${file} is a database, but not one of Skein's; nothing was touched.`,
    "Move it away, or set SKEIN_HOME to another folder.",
  );

const sizeOf = (file: string): number => {
  try {
    const found = statSync(file);
    if (!found.isFile()) throw damaged(file, "it is not a file");
    return found.size;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return 0;
    throw isErrno(error, "EACCES") ? notWritable(file) : error;
  }
};

const readHeader = (file: string): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    throw isErrno(error, "EACCES") ? notWritable(file) : error;
  }
  try {
    if (readSync(descriptor, header, 0, HEADER_BYTES, 0) < HEADER_BYTES)
      throw damaged(file, "it is shorter than a header");
    return header;
  } finally {
    closeSync(descriptor);
  }
};

const mustBeWritable = (file: string): void => {
  for (const path of [dirname(file), file]) {
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      if (isErrno(error, "ENOENT") && path === file) continue;
      if (isErrno(error, "ENOSPC")) throw diskFull(file);
      if (isErrno(error, "ENOENT"))
        throw refuse(
          "storage_failed",
          `The folder ${path} does not exist.`,
          "Make it, or set SKEIN_HOME to one that exists.",
        );
      throw notWritable(path);
    }
  }
};

/** SQLite gives its log and its index the rights of the file, which it would make by the umask: that is the agents' own, and stays. */
const makePrivate = (file: string): void => {
  try {
    closeSync(openSync(file, "ax", 0o600));
  } catch {
    // It is there; or SQLite says why it cannot be.
  }
};

/** Of one that an earlier version made. */
const keepPrivate = (file: string): void => {
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    try {
      chmodSync(path, 0o600);
    } catch {
      // There is none; or it is another user's, who let this one write there.
    }
  }
};

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
