/**
 * The first schema.
 *
 * Streams and types are numbers in the log, names once beside it: an event is its data and little more. `position` is the
 * rowid, so appending goes to the end of one b-tree. Lists have an index each, in the order that they are paged in.
 */
import type { Migration } from "./migration.ts";

const SCHEMA = `
  CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    type INTEGER NOT NULL,
    data TEXT NOT NULL,
    client_id TEXT
  ) STRICT;
  CREATE UNIQUE INDEX events_seq ON events (stream, seq);
  CREATE UNIQUE INDEX events_client ON events (stream, client_id) WHERE client_id IS NOT NULL;

  CREATE TABLE rows (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    stream TEXT NOT NULL,
    state TEXT NOT NULL,
    label TEXT,
    status TEXT,
    parent TEXT,
    secret TEXT,
    live INTEGER NOT NULL,
    attached INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX rows_id ON rows (kind, id);
  CREATE INDEX rows_all ON rows (kind, created_at, id, live, status);
  CREATE INDEX rows_live ON rows (kind, created_at, id, status) WHERE live = 1;
  CREATE INDEX rows_label ON rows (kind, label, created_at, id) WHERE label IS NOT NULL;
  CREATE INDEX rows_parent ON rows (kind, parent, created_at, id) WHERE parent IS NOT NULL;
  CREATE INDEX rows_attached ON rows (kind, created_at, id) WHERE attached = 1;
  CREATE INDEX rows_secret ON rows (kind, secret) WHERE secret IS NOT NULL;

  CREATE TABLE items (
    session INTEGER NOT NULL,
    id TEXT NOT NULL,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    item TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX items_id ON items (session, id);
  CREATE INDEX items_place ON items (session, place, id, kind);

  CREATE TABLE turns (
    session INTEGER NOT NULL,
    number INTEGER NOT NULL,
    turn TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX turns_number ON turns (session, number);

  CREATE TABLE receipts (
    key TEXT NOT NULL UNIQUE,
    operation TEXT NOT NULL,
    digest TEXT NOT NULL,
    result TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX receipts_at ON receipts (at);

  CREATE TABLE claims (
    space TEXT NOT NULL,
    key TEXT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (space, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE effects (
    id TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    generation INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    leased_at INTEGER
  ) STRICT;

  CREATE TABLE checkpoints (
    session INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (session, generation)
  ) STRICT, WITHOUT ROWID;
`;

export const first: Migration = {
  version: 1,
  name: "first",
  up: (db) => db.exec(SCHEMA),
};
