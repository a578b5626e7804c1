/**
 * The Store on SQLite: WAL, synchronous=FULL, one COMMIT for each batch. A commit runs to its end in the turn that called it
 * (so does every read), which is why no two are ever under way; who groups what into a batch is the engine's affair.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Batch, Failpoint, Store } from "../engine/ports.ts";
import { checkIntegrity } from "./check.ts";
import { openDatabase } from "./database.ts";
import type { Synchronous } from "./database.ts";
import { asOpenRefusal } from "./failure.ts";
import { prepareLog } from "./log.ts";
import { MIGRATIONS, migrate, newest } from "./migrate.ts";
import type { Migration } from "./migrations/migration.ts";
import { makeNames } from "./names.ts";
import { prepareRows } from "./rows.ts";
import { prepareSmall } from "./small.ts";
import { prepareTranscript } from "./transcript.ts";
import { makeTransactions } from "./transaction.ts";
import { makeWal } from "./wal.ts";
import type { Wal } from "./wal.ts";
import { prepareWrite } from "./write.ts";

export type SqliteStoreOptions = {
  /** The database; its folder must exist. `snapshots/` beside it holds what migrations put aside. */
  readonly file: string;
  readonly clock: { now(): number };
  readonly failpoint?: Failpoint;
  /** NORMAL loses acknowledged commits in a power cut: it is there so that the check for that can fail. */
  readonly synchronous?: Synchronous;
  readonly migrations?: readonly Migration[];
};

/**
 * Opens, migrating forward. Rejects with a Refusal (storage_failed, storage_full) whose remedy says what to do; a file that is not
 * this version's to open is left as it was. Whoever opens it holds the state folder's lock, and closes it.
 */
export const openSqliteStore = async (options: SqliteStoreOptions): Promise<Store> => {
  const { file, clock, failpoint = () => {}, migrations = MIGRATIONS } = options;
  const db = openDatabase(file, newest(migrations), options.synchronous ?? "FULL");
  try {
    migrate({ db, file, migrations, failpoint, now: clock.now() });
    return makeStore(db, file, failpoint);
  } catch (error) {
    db.close();
    throw asOpenRefusal(error, file);
  }
};

const makeStore = (db: DatabaseSync, file: string, failpoint: Failpoint): Store => {
  const streams = makeNames(db, "streams");
  const types = makeNames(db, "types");
  const log = prepareLog(db, streams, types);
  const rows = prepareRows(db);
  const transcript = prepareTranscript(db, streams);
  const small = prepareSmall(db, streams);
  const writeBatch = prepareWrite(db, streams, types);
  const transactions = makeTransactions({ db, file, failpoint, names: [streams, types] });
  const { read, write } = transactions;
  const closing = new AbortController();
  const wal = makeWal({ db, file, failed: transactions.failed, closing: closing.signal });
  let head = log.head();
  wal.opened();

  return {
    async commit(batch: Batch) {
      write(() => writeBatch(batch, head));
      failpoint("commit", "after");
      const position = batch.events.length === 0 ? head : head + 1;
      head += batch.events.length;
      wal.committed();
      return { position };
    },
    head: async () => head,
    streamHead: (stream) => read(() => log.streamHead(stream)),
    reported: (stream, clientIds) => read(() => log.reported(stream, clientIds)),
    events: (query) => read(() => log.events(query)),
    row: (kind, id) => read(() => rows.row(kind, id)),
    rowBySecret: (secret) => read(() => rows.rowBySecret(secret)),
    rows: (query) => read(() => rows.rows(query)),
    counts: (kind) => read(() => rows.counts(kind)),
    claimed: (space, key) => read(() => small.claimed(space, key)),
    receipt: (key) => read(() => small.receipt(key)),
    items: (query) => read(() => transcript.items(query)),
    turns: (query) => read(() => transcript.turns(query)),
    effects: () => read(() => small.effects()),
    checkpoint: (session, generation) => read(() => small.checkpoint(session, generation)),
    async pruneReceipts(before) {
      return prune(() => write(() => small.dropReceipts(before)), wal, closing.signal);
    },
    check: () => checkIntegrity(file, closing.signal),
    async close() {
      closing.abort();
      if (db.isOpen) db.close();
    },
  };
};

/** In portions, with the loop free between them: a month of receipts must not hold up an append. */
const prune = async (portion: () => number, wal: Wal, closing: AbortSignal): Promise<number> => {
  let total = 0;
  while (!closing.aborted) {
    const count = portion();
    if (count === 0) break;
    total += count;
    wal.committed();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return total;
};
