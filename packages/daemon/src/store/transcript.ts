/** A session's items and turns, page by page. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ItemRow, PageOf, Store, TurnRow } from "../engine/ports.ts";
import { fromCursor, toCursor } from "./cursor.ts";
import type { Names } from "./names.ts";

type ItemQuery = Parameters<Store["items"]>[0];
type TurnQuery = Parameters<Store["turns"]>[0];

type TranscriptReads = {
  items(query: ItemQuery): PageOf<ItemRow>;
  turns(query: TurnQuery): PageOf<TurnRow>;
};

export const prepareTranscript = (db: DatabaseSync, streams: Names): TranscriptReads => {
  const page = (from: ItemQuery["from"], kind: boolean): StatementSync => {
    const [compare, direction] = from === "start" ? [">", "ASC"] : ["<", "DESC"];
    return db.prepare(
      `SELECT id, place, kind, item FROM items INDEXED BY items_place
       WHERE session = ? AND (place, id) ${compare} (?, ?) ${kind ? "AND kind = ?" : ""}
       ORDER BY place ${direction}, id ${direction} LIMIT ?`,
    );
  };
  const pages = {
    start: { any: page("start", false), kind: page("start", true) },
    end: { any: page("end", false), kind: page("end", true) },
  };
  const turns = db.prepare(
    "SELECT number, turn FROM turns WHERE session = ? AND number < ? ORDER BY number DESC LIMIT ?",
  );

  return {
    items({ session, from, kind, cursor, limit }) {
      const stream = streams.find(session);
      const edge = from === "start" ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
      const [place, id] = fromCursor(cursor, edge);
      if (stream === null) return { rows: [], next: null };
      const found =
        kind === undefined
          ? pages[from].any.all(stream, place, id, limit + 1)
          : pages[from].kind.all(stream, place, id, kind, limit + 1);
      const rows = found.slice(0, limit).map((row) => ({
        session,
        id: String(row["id"]),
        order: Number(row["place"]),
        kind: String(row["kind"]),
        item: String(row["item"]),
      }));
      const last = rows.at(-1);
      const more = found.length > rows.length && last !== undefined;
      return {
        rows: from === "start" ? rows : rows.toReversed(),
        next: more ? toCursor(last.order, last.id) : null,
      };
    },
    turns({ session, cursor, limit }) {
      const stream = streams.find(session);
      const [before] = fromCursor(cursor, Number.MAX_SAFE_INTEGER);
      if (stream === null) return { rows: [], next: null };
      const found = turns.all(stream, before, limit + 1);
      const rows = found
        .slice(0, limit)
        .map((row) => ({ session, number: Number(row["number"]), turn: String(row["turn"]) }));
      const last = rows.at(-1);
      const more = found.length > rows.length && last !== undefined;
      return { rows, next: more ? toCursor(last.number, "") : null };
    },
  };
};
