/**
 * Names as numbers: a stream's or a type's name is stored once and stands in the log as an integer.
 * What a transaction added must be forgotten when it does not commit: `settle` or `forget` after each.
 */
import type { DatabaseSync } from "node:sqlite";

/** Names remembered at once; past it all are forgotten and looked up again. */
const REMEMBERED = 20_000;

export type Names = {
  /** Its number, or null when it was never written. */
  find(name: string): number | null;
  /** Its number, made when there is none; inside a transaction. */
  intern(name: string): number;
  name(id: number): string;
  /** The transaction committed: what it added stays. */
  settle(): void;
  /** The transaction did not commit: what it added never was. */
  forget(): void;
};

export const makeNames = (db: DatabaseSync, table: "streams" | "types"): Names => {
  const select = db.prepare(`SELECT id FROM ${table} WHERE name = ?`);
  const selectName = db.prepare(`SELECT name FROM ${table} WHERE id = ?`);
  const insert = db.prepare(`INSERT INTO ${table} (name) VALUES (?)`);
  const ids = new Map<string, number>();
  const names = new Map<number, string>();
  let added: string[] = [];

  const remember = (name: string, id: number): number => {
    if (ids.size >= REMEMBERED) clear();
    ids.set(name, id);
    names.set(id, name);
    return id;
  };
  const clear = (): void => {
    ids.clear();
    names.clear();
  };
  const find = (name: string): number | null => {
    const known = ids.get(name);
    if (known !== undefined) return known;
    const found = select.get(name);
    return found === undefined ? null : remember(name, Number(found["id"]));
  };

  return {
    find,
    intern(name) {
      const known = find(name);
      if (known !== null) return known;
      added.push(name);
      return remember(name, Number(insert.run(name).lastInsertRowid));
    },
    name(id) {
      const known = names.get(id);
      if (known !== undefined) return known;
      const found = selectName.get(id);
      if (found === undefined) throw new Error(`${table} has no name for ${id}`);
      const name = String(found["name"]);
      remember(name, id);
      return name;
    },
    settle() {
      if (added.length > 0) added = [];
    },
    forget() {
      if (added.length === 0) return;
      added = [];
      clear();
    },
  };
};
