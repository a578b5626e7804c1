/** Sessions and approvals remember the token that they were created with, and are listed by it. Those before have none. */
import type { Migration } from "./migration.ts";

export const owners: Migration = {
  version: 2,
  name: "owners",
  up: (db) =>
    db.exec(`
      ALTER TABLE rows ADD COLUMN owner TEXT;
      CREATE INDEX rows_owner ON rows (kind, owner, created_at, id) WHERE owner IS NOT NULL;
    `),
};
