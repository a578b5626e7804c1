/** Reading the log: by position, by stream, and which reported facts are in it already. */
import type { DatabaseSync } from "node:sqlite";
import type { Store, StoredEvent } from "../engine/ports.ts";
import type { Names } from "./names.ts";

type LogReads = {
  head(): number;
  streamHead(stream: string): number;
  reported(stream: string, clientIds: readonly string[]): ReadonlyMap<string, number>;
  events(query: Parameters<Store["events"]>[0]): readonly StoredEvent[];
};

const COLUMNS = "position, stream, seq, at, type, data";

export const prepareLog = (db: DatabaseSync, streams: Names, types: Names): LogReads => {
  const head = db.prepare("SELECT max(position) AS head FROM events");
  const streamHead = db.prepare("SELECT max(seq) AS head FROM events WHERE stream = ?");
  const reported = db.prepare("SELECT seq FROM events WHERE stream = ? AND client_id = ?");
  const all = db.prepare(
    `SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`,
  );
  const ofStream = db.prepare(
    `SELECT ${COLUMNS} FROM events WHERE stream = ? AND seq >= ? ORDER BY seq LIMIT ?`,
  );
  const seqAfter = prepareSeqAfter(db);

  const stored = (row: Record<string, unknown>): StoredEvent => ({
    position: Number(row["position"]),
    stream: streams.name(Number(row["stream"])),
    seq: Number(row["seq"]),
    at: Number(row["at"]),
    type: types.name(Number(row["type"])),
    data: String(row["data"]),
  });

  return {
    head: () => Number(head.get()?.["head"] ?? 0),
    streamHead(name) {
      const stream = streams.find(name);
      return stream === null ? 0 : Number(streamHead.get(stream)?.["head"] ?? 0);
    },
    reported(name, clientIds) {
      const found = new Map<string, number>();
      const stream = streams.find(name);
      if (stream === null) return found;
      for (const id of clientIds) {
        const row = reported.get(stream, id);
        if (row !== undefined) found.set(id, Number(row["seq"]));
      }
      return found;
    },
    events({ after, stream: name, limit }) {
      if (name === undefined) return all.all(after, limit).map(stored);
      const stream = streams.find(name);
      if (stream === null) return [];
      const seq = seqAfter(stream, after);
      return seq === null ? [] : ofStream.all(stream, seq, limit).map(stored);
    },
  };
};

/**
 * A stream's first seq after a global position, found by halving: within a stream both only rise. Some twenty look-ups in the
 * index that is there anyway, in place of one more index to write on every append.
 */
const prepareSeqAfter = (db: DatabaseSync) => {
  const ends = db.prepare(
    `SELECT (SELECT min(seq) FROM events WHERE stream = ?1) AS low,
            (SELECT max(seq) FROM events WHERE stream = ?1) AS high`,
  );
  const at = db.prepare(
    "SELECT seq, position FROM events WHERE stream = ? AND seq >= ? ORDER BY seq LIMIT 1",
  );
  return (stream: number, after: number): number | null => {
    const { low, high } = ends.get(stream) ?? {};
    if (low == null || high == null) return null;
    if (after <= 0) return Number(low);
    let from = Number(low);
    let to = Number(high) + 1;
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const found = at.get(stream, middle);
      if (found !== undefined && Number(found["position"]) <= after)
        from = Number(found["seq"]) + 1;
      else to = middle;
    }
    return from > Number(high) ? null : from;
  };
};
