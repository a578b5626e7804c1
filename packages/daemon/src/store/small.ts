/** The short tables: claims, receipts, effects that are not over, checkpoints. */
import type { DatabaseSync } from "node:sqlite";
import type { Receipt, StoredEffect } from "../engine/ports.ts";
import type { Names } from "./names.ts";

/** Receipts dropped in one transaction. */
const PORTION = 1_000;

type SmallReads = {
  claimed(space: string, key: string): string | null;
  receipt(key: string): Receipt | null;
  effects(): readonly StoredEffect[];
  checkpoint(session: string, generation: number): string | null;
  /** Inside a transaction: drops some of those older than an instant; 0 when none is left. */
  dropReceipts(before: number): number;
};

export const prepareSmall = (db: DatabaseSync, streams: Names): SmallReads => {
  const claimed = db.prepare("SELECT owner FROM claims WHERE space = ? AND key = ?");
  const receipt = db.prepare(
    "SELECT key, operation, digest, result, at FROM receipts WHERE key = ?",
  );
  const effects = db.prepare(
    "SELECT id, session, generation, kind, payload, leased_at FROM effects ORDER BY rowid",
  );
  const checkpoint = db.prepare(
    "SELECT value FROM checkpoints WHERE session = ? AND generation = ?",
  );
  const drop = db.prepare(
    "DELETE FROM receipts WHERE rowid IN (SELECT rowid FROM receipts WHERE at < ? LIMIT ?)",
  );

  return {
    claimed(space, key) {
      const found = claimed.get(space, key);
      return found === undefined ? null : String(found["owner"]);
    },
    receipt(key) {
      const found = receipt.get(key);
      if (found === undefined) return null;
      return {
        key: String(found["key"]),
        operation: String(found["operation"]),
        digest: String(found["digest"]),
        result: String(found["result"]),
        at: Number(found["at"]),
      };
    },
    effects: () =>
      effects.all().map((found) => ({
        id: String(found["id"]),
        session: String(found["session"]),
        generation: Number(found["generation"]),
        kind: String(found["kind"]),
        payload: String(found["payload"]),
        leasedAt: found["leased_at"] === null ? null : Number(found["leased_at"]),
      })),
    checkpoint(session, generation) {
      const stream = streams.find(session);
      const found = stream === null ? undefined : checkpoint.get(stream, generation);
      return found === undefined ? null : String(found["value"]);
    },
    dropReceipts: (before) => Number(drop.run(before, PORTION).changes),
  };
};
