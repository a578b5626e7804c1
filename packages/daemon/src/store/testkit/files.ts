/** State folders for tests of the SQLite store: made, filled, damaged, looked at, and gone afterwards. */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { MIGRATIONS } from "../migrate.ts";
import type { Migration } from "../migrations/migration.ts";
import { openSqliteStore } from "../sqlite.ts";
import type { SqliteStoreOptions } from "../sqlite.ts";

export const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "skein-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

export const makeFile = (): string => join(makeFolder(), "skein.db");

/** A store that is closed after the test. */
export const openFile = async (file: string, more: Partial<SqliteStoreOptions> = {}) => {
  const store = await openSqliteStore({ file, clock: { now: () => 1_700_000_000_000 }, ...more });
  onTestFinished(() => store.close());
  return store;
};

/** One more migration, which gives the test the store's own connection. */
export const spy = (look: (db: DatabaseSync) => void): readonly Migration[] => [
  ...MIGRATIONS,
  { version: MIGRATIONS.length + 1, name: "spy", up: look },
];

/** Each file of a folder with what is in it. */
export const contents = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder).map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );

/** What kill -9 leaves: a database whose newest transactions lie in its log alone. */
export const leaveBehind = (file: string, write: (db: DatabaseSync) => void): void => {
  const elsewhere = makeFile();
  if (existsSync(file)) copyFileSync(file, elsewhere);
  const db = new DatabaseSync(elsewhere);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  write(db);
  copyFileSync(elsewhere, file);
  copyFileSync(`${elsewhere}-wal`, `${file}-wal`);
  db.close();
};
