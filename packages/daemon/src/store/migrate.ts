/**
 * Forward only. Each step is one transaction that also writes its number, so that a crash leaves the old file or the new one,
 * never one between. Before each step on a file that holds something, a snapshot of it is put aside.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Failpoint } from "../engine/ports.ts";
import { APPLICATION_ID, userVersion } from "./database.ts";
import { first } from "./migrations/0001-first.ts";
import { owners } from "./migrations/0002-owners.ts";
import type { Migration } from "./migrations/migration.ts";
import { takeSnapshot } from "./snapshot.ts";

export const MIGRATIONS: readonly Migration[] = [first, owners];

export const newest = (migrations: readonly Migration[]): number =>
  migrations.reduce((most, { version }) => Math.max(most, version), 0);

export const migrate = (deps: {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly migrations: readonly Migration[];
  readonly failpoint: Failpoint;
  /** Milliseconds since the epoch, for the snapshot's name. */
  readonly now: number;
}): void => {
  const { db, file, failpoint } = deps;
  const from = userVersion(db);
  for (const step of deps.migrations) {
    if (step.version <= from) continue;
    // A new file holds nothing, whatever step it is at.
    if (from > 0) takeSnapshot(db, file, step.version - 1, deps.now);
    db.exec("BEGIN IMMEDIATE");
    try {
      step.up(db);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${step.version}`);
      failpoint("migration", "before");
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
    failpoint("migration", "after");
  }
};
