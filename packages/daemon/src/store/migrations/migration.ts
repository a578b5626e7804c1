import type { DatabaseSync } from "node:sqlite";

export type Migration = {
  /** Dense, from 1. */
  readonly version: number;
  readonly name: string;
  /** Runs inside the transaction. What it throws undoes all of it. */
  readonly up: (db: DatabaseSync) => void;
};
