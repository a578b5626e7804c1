import { inThread } from "./thread.ts";

const LOOK = `
  const found = db.prepare(look).all().map((row) => String(Object.values(row)[0]));
  db.close();
  return found.filter((line) => line !== "ok");
`;

const WHOLE = `
  const look = "PRAGMA integrity_check(100)";
  const db = new DatabaseSync(file, { readOnly: true });
  ${LOOK}
`;

/** All but whether each index is true to its table. One that was closed in good order is opened without making SQLite's files beside it. */
const QUICK = `
  const look = "PRAGMA quick_check(100)";
  const url = require("node:url").pathToFileURL(file);
  const log = require("node:fs").statSync(file + "-wal", { throwIfNoEntry: false });
  if (log === undefined || log.size === 0) url.searchParams.set("immutable", "1");
  const db = new DatabaseSync(url, { readOnly: true });
  ${LOOK}
`;

/** SQLite's result codes for a file that it cannot read at all. */
const DAMAGED = [11, 26];

const faultsOf = async (
  work: string,
  file: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  try {
    return await inThread<readonly string[]>(work, file, signal);
  } catch (error) {
    const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
    if (error instanceof Error && DAMAGED.includes(code)) return [error.message];
    throw error;
  }
};

/**
 * Looks through the whole file for damage: seconds for a large one, in which nobody waits. What SQLite says about each fault, at
 * most a hundred; rejects when it could not look.
 */
export const checkIntegrity = (file: string, signal: AbortSignal): Promise<readonly string[]> =>
  faultsOf(WHOLE, file, signal);

/** The same, faster and less thorough, while nobody writes to it. */
export const checkQuickly = (file: string, signal: AbortSignal): Promise<readonly string[]> =>
  faultsOf(QUICK, file, signal);
