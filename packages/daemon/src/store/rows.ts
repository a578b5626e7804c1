/** Lists of sessions, approvals, tokens and backends: each kind of question has its index, named, so that a plan cannot drift. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { PageOf, Row, RowKind, RowQuery } from "../engine/ports.ts";
import { fromCursor, toCursor } from "./cursor.ts";

type RowReads = {
  row(kind: RowKind, id: string): Row | null;
  rowBySecret(secret: string): Row | null;
  rows(query: RowQuery): PageOf<Row>;
  counts(kind: RowKind): Readonly<Record<string, number>>;
};

type Index =
  | "rows_label"
  | "rows_parent"
  | "rows_owner"
  | "rows_attached"
  | "rows_live"
  | "rows_all";

/** The narrowest one first. */
const indexFor = (query: RowQuery): Index => {
  if (query.label !== undefined) return "rows_label";
  if (query.parent !== undefined) return "rows_parent";
  if (query.owner !== undefined) return "rows_owner";
  if (query.attached === true) return "rows_attached";
  return query.live === undefined || query.live === true ? "rows_live" : "rows_all";
};

/** The SQL of a question's shape; its parameters come in the order of `parameters`. There are fewer than two hundred shapes. */
export const sqlFor = (query: RowQuery): string => {
  const newest = query.order !== "oldest";
  const live = query.live ?? true;
  const where = [
    "kind = ?",
    ...(query.label === undefined ? [] : ["label = ?"]),
    ...(query.parent === undefined ? [] : ["parent = ?"]),
    ...(query.owner === undefined ? [] : ["owner = ?"]),
    ...(query.status === undefined ? [] : ["status IN (SELECT value FROM json_each(?))"]),
    ...(live === "all" ? [] : [`live = ${live ? 1 : 0}`]),
    ...(query.attached === undefined ? [] : [`attached = ${query.attached ? 1 : 0}`]),
    `(created_at, id) ${newest ? "<" : ">"} (?, ?)`,
  ];
  const direction = newest ? "DESC" : "ASC";
  return `SELECT * FROM rows INDEXED BY ${indexFor(query)} WHERE ${where.join(" AND ")}
    ORDER BY created_at ${direction}, id ${direction} LIMIT ?`;
};

const parameters = (query: RowQuery): (string | number)[] => {
  const edge = query.order === "oldest" ? -1 : Number.MAX_SAFE_INTEGER;
  const [createdAt, id] = fromCursor(query.cursor, edge);
  return [
    query.kind,
    ...(query.label === undefined ? [] : [query.label]),
    ...(query.parent === undefined ? [] : [query.parent]),
    ...(query.owner === undefined ? [] : [query.owner]),
    ...(query.status === undefined ? [] : [JSON.stringify(query.status)]),
    createdAt,
    id,
    query.limit + 1,
  ];
};

export const prepareRows = (db: DatabaseSync): RowReads => {
  const byId = db.prepare("SELECT * FROM rows WHERE kind = ? AND id = ?");
  const bySecret = db.prepare("SELECT * FROM rows WHERE kind = 'token' AND secret = ?");
  const counts = db.prepare(
    `SELECT status, count(*) AS count FROM rows INDEXED BY rows_live
     WHERE kind = ? AND live = 1 GROUP BY status`,
  );
  const shapes = new Map<string, StatementSync>();
  const shape = (query: RowQuery): StatementSync => {
    const sql = sqlFor(query);
    const known = shapes.get(sql);
    if (known !== undefined) return known;
    const made = db.prepare(sql);
    shapes.set(sql, made);
    return made;
  };

  return {
    row: (kind, id) => toRow(byId.get(kind, id)),
    rowBySecret: (secret) => toRow(bySecret.get(secret)),
    rows(query) {
      const found = shape(query)
        .all(...parameters(query))
        .map(rowOf);
      const rows = found.slice(0, query.limit);
      const last = rows.at(-1);
      const more = found.length > rows.length && last !== undefined;
      return { rows, next: more ? toCursor(last.createdAt, last.id) : null };
    },
    counts: (kind) =>
      Object.fromEntries(
        counts
          .all(kind)
          .map((found) => [textOrNull(found["status"]) ?? "", Number(found["count"])]),
      ),
  };
};

type Found = Record<string, unknown>;

const toRow = (found: Found | undefined): Row | null => (found === undefined ? null : rowOf(found));

const rowOf = (found: Found): Row => ({
  // The writer took it from a Row.
  kind: String(found["kind"]) as RowKind,
  id: String(found["id"]),
  stream: String(found["stream"]),
  state: String(found["state"]),
  label: textOrNull(found["label"]),
  status: textOrNull(found["status"]),
  parent: textOrNull(found["parent"]),
  secret: textOrNull(found["secret"]),
  owner: textOrNull(found["owner"]),
  live: found["live"] === 1,
  attached: found["attached"] === 1,
  createdAt: Number(found["created_at"]),
});

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);
