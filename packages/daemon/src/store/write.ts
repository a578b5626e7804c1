/**
 * One batch into the tables, inside a transaction that the caller holds. Order: what a batch gives back is free before it takes,
 * and an effect can be recorded, leased and settled in one go. Throws a StoreFailure (claimed, conflict) or what SQLite throws;
 * then the caller rolls back.
 */
import type { DatabaseSync } from "node:sqlite";
import { storeFailure } from "../engine/ports.ts";
import type { Batch, Claim, ItemRow, PendingEvent, Row } from "../engine/ports.ts";
import { isDuplicate } from "./failure.ts";
import type { Names } from "./names.ts";

/** Writes a batch whose first event gets the position after `head`. */
type WriteBatch = (batch: Batch, head: number) => void;

export const prepareWrite = (db: DatabaseSync, streams: Names, types: Names): WriteBatch => {
  const writeEvents = prepareEvents(db, streams, types);
  const writeRow = prepareRow(db);
  const writeItem = prepareItem(db, streams);
  const writeClaim = prepareClaim(db);
  const writeTurn = db.prepare(
    `INSERT INTO turns (session, number, turn) VALUES (?, ?, ?)
     ON CONFLICT (session, number) DO UPDATE SET turn = excluded.turn`,
  );
  const writeReceipt = db.prepare(
    "INSERT INTO receipts (key, operation, digest, result, at) VALUES (?, ?, ?, ?, ?)",
  );
  const release = db.prepare("DELETE FROM claims WHERE space = ? AND key = ? AND owner = ?");
  const writeEffect = db.prepare(
    "INSERT INTO effects (id, session, generation, kind, payload, leased_at) VALUES (?, ?, ?, ?, ?, NULL)",
  );
  const lease = db.prepare("UPDATE effects SET leased_at = ? WHERE id = ?");
  const settle = db.prepare("DELETE FROM effects WHERE id = ?");
  const writeCheckpoint = db.prepare(
    `INSERT INTO checkpoints (session, generation, value) VALUES (?, ?, ?)
     ON CONFLICT (session, generation) DO UPDATE SET value = excluded.value`,
  );

  /** The words of a generation that is over have all been read. */
  const dropCheckpoints = db.prepare(
    "DELETE FROM checkpoints WHERE session = ? AND generation < ?",
  );

  return (batch, head) => {
    writeEvents(batch.events, head);
    for (const row of batch.rows) writeRow(row);
    for (const item of batch.items) writeItem(item);
    for (const { session, number, turn } of batch.turns)
      writeTurn.run(streams.intern(session), number, turn);
    for (const { key, operation, digest, result, at } of batch.receipts)
      writeReceipt.run(key, operation, digest, result, at);
    for (const { space, key, owner } of batch.releases) release.run(space, key, owner);
    for (const claim of batch.claims) writeClaim(claim);
    for (const { id, session, generation, kind, payload } of batch.effects)
      writeEffect.run(id, session, generation, kind, payload);
    for (const { id, at } of batch.leases) lease.run(at, id);
    for (const id of batch.settled) settle.run(id);
    for (const { session, generation, value } of batch.checkpoints) {
      const stream = streams.intern(session);
      writeCheckpoint.run(stream, generation, value);
      dropCheckpoints.run(stream, generation);
    }
  };
};

/**
 * A prepared statement per event. Measured: several rows in one statement are slower (node:sqlite binds them one by one all the
 * same, and the long parameter list costs more than the calls it saves).
 */
const prepareEvents = (db: DatabaseSync, streams: Names, types: Names) => {
  const insert = db.prepare(
    "INSERT INTO events (position, stream, seq, at, type, data, client_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  return (events: readonly PendingEvent[], head: number): void => {
    let position = head;
    for (const event of events) {
      const stream = streams.intern(event.stream);
      const type = types.intern(event.type);
      position += 1;
      try {
        insert.run(position, stream, event.seq, event.at, type, event.data, event.clientId);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        throw storeFailure(
          `Stream ${event.stream} has an event ${event.seq} or a report ${String(event.clientId)} already.`,
          { kind: "conflict", stream: event.stream },
          error,
        );
      }
    }
  };
};

/** Most writes change the state alone: then no index is touched. */
const prepareRow = (db: DatabaseSync) => {
  const writeState = db.prepare(
    `UPDATE rows SET state = ? WHERE kind = ? AND id = ? AND stream = ? AND label IS ? AND status IS ?
     AND parent IS ? AND secret IS ? AND owner IS ? AND live = ? AND attached = ? AND created_at = ?`,
  );
  const writeAll = db.prepare(
    `INSERT INTO rows (state, kind, id, stream, label, status, parent, secret, owner, live, attached, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (kind, id) DO UPDATE SET state = excluded.state, stream = excluded.stream,
       label = excluded.label, status = excluded.status, parent = excluded.parent, secret = excluded.secret,
       owner = excluded.owner, live = excluded.live, attached = excluded.attached, created_at = excluded.created_at`,
  );
  return (row: Row): void => {
    const values = [
      row.state,
      row.kind,
      row.id,
      row.stream,
      row.label,
      row.status,
      row.parent,
      row.secret,
      row.owner,
      row.live ? 1 : 0,
      row.attached ? 1 : 0,
      row.createdAt,
    ];
    if (writeState.run(...values).changes === 0) writeAll.run(...values);
  };
};

/** An item keeps the place of its first version; its body alone changes, mostly. */
const prepareItem = (db: DatabaseSync, streams: Names) => {
  const writeBody = db.prepare(
    "UPDATE items SET item = ? WHERE session = ? AND id = ? AND kind = ?",
  );
  const writeAll = db.prepare(
    `INSERT INTO items (item, session, id, kind, place) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (session, id) DO UPDATE SET item = excluded.item, kind = excluded.kind`,
  );
  return ({ session, id, order, kind, item }: ItemRow): void => {
    const stream = streams.intern(session);
    if (writeBody.run(item, stream, id, kind).changes === 0)
      writeAll.run(item, stream, id, kind, order);
  };
};

/** Taking again what one holds already is no failure. */
const prepareClaim = (db: DatabaseSync) => {
  const take = db.prepare(
    `INSERT INTO claims (space, key, owner) VALUES (?, ?, ?)
     ON CONFLICT (space, key) DO UPDATE SET owner = excluded.owner WHERE owner = excluded.owner`,
  );
  return (claim: Claim): void => {
    if (take.run(claim.space, claim.key, claim.owner).changes > 0) return;
    throw storeFailure(`${claim.space} '${claim.key}' is held by someone else.`, {
      kind: "claimed",
      claim,
    });
  };
};
