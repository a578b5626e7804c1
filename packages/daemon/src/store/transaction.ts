/**
 * Every use of the connection goes through here: a body runs whole or not at all, and what SQLite throws comes out as a StoreFailure.
 * After a fatal failure no write is tried again.
 */
import type { DatabaseSync } from "node:sqlite";
import { isStoreFailure } from "../engine/ports.ts";
import type { Failpoint, StoreFailure } from "../engine/ports.ts";
import { asStoreFailure } from "./failure.ts";
import type { Names } from "./names.ts";

type Transactions = {
  /** All of the body, synced, or nothing of it. Throws a StoreFailure or a bug. */
  readonly write: <T>(body: () => T) => T;
  /** Rejects with a StoreFailure or a bug. */
  readonly read: <T>(body: () => T) => Promise<T>;
  /** Something written outside a transaction failed: the log's carrying over. */
  readonly failed: (error: unknown) => void;
};

export const makeTransactions = (deps: {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly failpoint: Failpoint;
  readonly names: readonly Names[];
}): Transactions => {
  const { db, file, failpoint, names } = deps;
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  /** Set by the first failure after which the disk's word is worth nothing. */
  let broken: StoreFailure | null = null;

  const failed = (error: unknown, writing: boolean): unknown => {
    const failure = asStoreFailure(error, file, writing);
    if (isStoreFailure(failure) && failure.store.kind === "broken" && failure.store.fatal)
      broken ??= failure;
    return failure;
  };

  return {
    write(body) {
      if (broken !== null) throw broken;
      try {
        begin.run();
        const result = body();
        failpoint("commit", "before");
        commit.run();
        for (const each of names) each.settle();
        return result;
      } catch (error) {
        for (const each of names) each.forget();
        rollBack(db);
        throw failed(error, true);
      }
    },
    async read(body) {
      try {
        return body();
      } catch (error) {
        throw failed(error, false);
      }
    },
    failed: (error) => void failed(error, true),
  };
};

const rollBack = (db: DatabaseSync): void => {
  if (!db.isOpen || !db.isTransaction) return;
  try {
    db.exec("ROLLBACK");
  } catch {
    // The failure that led here is the one to tell; SQLite undoes the transaction by itself when the file is next opened.
  }
};
