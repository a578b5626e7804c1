/**
 * A whole copy of the database beside it, made before it is changed for good. Under its final name it is complete and synced;
 * what a crash leaves half made has another name and is cleared away by the next one.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";

const KEPT = 3;
const FINISHED = /^skein-.*\.db$/;

/** Gives the snapshot's path. Throws what the disk throws; then nothing is there under a final name. */
export const takeSnapshot = (
  db: DatabaseSync,
  file: string,
  version: number,
  now: number,
): string => {
  const folder = join(dirname(file), "snapshots");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  clearUnfinished(folder);

  // Name order is age order: the newest few are kept by it.
  const stamp = new Date(now).toISOString().replaceAll(/[-:]/g, "");
  const path = join(folder, `skein-${stamp}-schema${version}.db`);
  const unfinished = `${path}.tmp`;
  try {
    // SQLite would make it by the umask; into an empty file it writes.
    closeSync(openSync(unfinished, "wx", 0o600));
    db.prepare("VACUUM INTO ?").run(unfinished);
    sync(unfinished);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  sync(folder);
  dropOld(folder);
  return path;
};

const sync = (path: string): void => {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const clearUnfinished = (folder: string): void => {
  for (const name of readdirSync(folder))
    if (name.endsWith(".tmp")) rmSync(join(folder, name), { force: true });
};

const dropOld = (folder: string): void => {
  const finished = readdirSync(folder)
    .filter((name) => FINISHED.test(name))
    .toSorted();
  for (const name of finished.slice(0, -KEPT)) rmSync(join(folder, name), { force: true });
};
