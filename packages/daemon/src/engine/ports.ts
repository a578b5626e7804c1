/**
 * What the engine needs of the outside, declared by the engine: a store that keeps, a feed that tells, effects that act.
 * Nothing here knows SQLite, sockets or agents.
 */

/** An event on its way into the log. `data` is JSON text already: it is encoded once, for the disk and for every watcher. */
export type PendingEvent = {
  readonly stream: string;
  /** Place in its stream, given by the engine: dense, from 1. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly type: string;
  readonly data: string;
  /** The reporter's own id of an appended fact, unique in its stream; null for all others. */
  readonly clientId: string | null;
};

/** An event with its place in the global log. */
export type StoredEvent = {
  readonly position: number;
  readonly stream: string;
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly data: string;
};

export type RowKind = "session" | "approval" | "token" | "backend" | "host" | "terminal";

/** The state of one thing, kept as a row: loaded, never replayed. The columns beside `state` are what lists filter by. */
export type Row = {
  readonly kind: RowKind;
  readonly id: string;
  readonly stream: string;
  /** JSON text. */
  readonly state: string;
  /** A session's name, a token's label. */
  readonly label: string | null;
  /** A session's state, an approval's state. */
  readonly status: string | null;
  /** The session that created this one; the session an approval belongs to. */
  readonly parent: string | null;
  /** A token's secret, hashed (hex); null for everything else. */
  readonly secret: string | null;
  /** The token that a session, or an approval's session, was created with; null: none. */
  readonly owner: string | null;
  /** false: deleted, revoked, decided: out of the ordinary lists. */
  readonly live: boolean;
  /** Whether a process may belong to it, so that a new daemon looks after it. */
  readonly attached: boolean;
  readonly createdAt: number;
};

/** One line of a session's transcript, newest body. Upserted by (session, id); `order` stays that of the first. */
export type ItemRow = {
  readonly session: string;
  readonly id: string;
  readonly order: number;
  readonly kind: string;
  readonly item: string;
};

/** One turn of a session, upserted by (session, number). */
export type TurnRow = { readonly session: string; readonly number: number; readonly turn: string };

/** What a repeated command is answered with. */
export type Receipt = {
  readonly key: string;
  readonly operation: string;
  readonly digest: string;
  readonly result: string;
  readonly at: number;
};

/** A thing that only one may hold at a time, such as a session's name. */
export type Claim = { readonly space: string; readonly key: string; readonly owner: string };

/** Something to be done outside, recorded with the decision that wants it. */
export type PendingEffect = {
  /** Unique, ordered by creation. */
  readonly id: string;
  readonly session: string;
  readonly generation: number;
  readonly kind: string;
  /** JSON text. */
  readonly payload: string;
};

export type StoredEffect = PendingEffect & { readonly leasedAt: number | null };

/** Of each session the newest generation's only: the last recorded place up to which an agent's words were read; JSON text of the driver's own. */
export type Checkpoint = {
  readonly session: string;
  readonly generation: number;
  readonly value: string;
};

/** All of it in one transaction, or none of it. */
export type Batch = {
  readonly events: readonly PendingEvent[];
  readonly rows: readonly Row[];
  readonly items: readonly ItemRow[];
  readonly turns: readonly TurnRow[];
  readonly receipts: readonly Receipt[];
  /** Released before the new ones are taken. */
  readonly releases: readonly Claim[];
  readonly claims: readonly Claim[];
  readonly effects: readonly PendingEffect[];
  /** Ids of effects that begin now. */
  readonly leases: readonly { readonly id: string; readonly at: number }[];
  /** Ids of effects that are over. No error when one is not there. */
  readonly settled: readonly string[];
  readonly checkpoints: readonly Checkpoint[];
};

export const emptyBatch: Batch = {
  events: [],
  rows: [],
  items: [],
  turns: [],
  receipts: [],
  releases: [],
  claims: [],
  effects: [],
  leases: [],
  settled: [],
  checkpoints: [],
};

/** Why a commit did not happen. Nothing of the batch is kept then. */
export type StoreFailure = Error & {
  readonly store:
    | { readonly kind: "full" }
    /** Someone else holds the claim. */
    | { readonly kind: "claimed"; readonly claim: Claim }
    /** A stream has an event of that seq already: another writer, which must not be. */
    | { readonly kind: "conflict"; readonly stream: string }
    /** After a failed sync nothing may be acknowledged any more: the daemon must end. */
    | { readonly kind: "broken"; readonly fatal: boolean };
};

export const storeFailure = (
  message: string,
  store: StoreFailure["store"],
  cause?: unknown,
): StoreFailure => Object.assign(new Error(message, { cause }), { store });

export const isStoreFailure = (error: unknown): error is StoreFailure =>
  error instanceof Error && "store" in error;

export type RowQuery = {
  readonly kind: RowKind;
  /** Default: live ones only; `false`: only those that are not; `"all"`. */
  readonly live?: boolean | "all";
  readonly status?: readonly string[];
  readonly parent?: string;
  readonly label?: string;
  readonly owner?: string;
  readonly attached?: boolean;
  readonly order?: "newest" | "oldest";
  /** What the previous page gave as `next`. */
  readonly cursor?: string;
  readonly limit: number;
};

export type PageOf<T> = { readonly rows: readonly T[]; readonly next: string | null };

/**
 * The one place where things are kept. All methods reject with a StoreFailure or a bug; reads see every commit that has resolved.
 * One writer: the engine never has two commits under way.
 */
export type Store = {
  /** Resolves when all is synced to disk; gives the position of the batch's first event (the head when it has none). Positions are dense, in the batch's order. */
  commit(batch: Batch): Promise<{ readonly position: number }>;
  /** The newest position; 0 when the log is empty. */
  head(): Promise<number>;
  /** The newest seq of a stream; 0 when it has no event. */
  streamHead(stream: string): Promise<number>;
  row(kind: RowKind, id: string): Promise<Row | null>;
  /** A token by the hash of its secret, revoked ones too. */
  rowBySecret(secret: string): Promise<Row | null>;
  rows(query: RowQuery): Promise<PageOf<Row>>;
  /** Live rows of a kind by status. */
  counts(kind: RowKind): Promise<Readonly<Record<string, number>>>;
  claimed(space: string, key: string): Promise<string | null>;
  receipt(key: string): Promise<Receipt | null>;
  /** Which of these facts the stream has already, with their seq. */
  reported(stream: string, clientIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Oldest first, after a position, at most `limit`; of one stream when named. */
  events(query: {
    readonly after: number;
    readonly stream?: string;
    readonly limit: number;
  }): Promise<readonly StoredEvent[]>;
  /** Always in order; `from: "end"` takes the newest page first. `kind` filters. */
  items(query: {
    readonly session: string;
    readonly from: "start" | "end";
    readonly kind?: string;
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<PageOf<ItemRow>>;
  /** Newest first. */
  turns(query: {
    readonly session: string;
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<PageOf<TurnRow>>;
  /** All that is not settled, in the order they were recorded. */
  effects(): Promise<readonly StoredEffect[]>;
  checkpoint(session: string, generation: number): Promise<string | null>;
  /** Forgets receipts older than an instant; gives how many. */
  pruneReceipts(before: number): Promise<number>;
  /** Looks for damage; long, off the main path. Empty: none found. */
  check(): Promise<readonly string[]>;
  close(): Promise<void>;
};

/** Who follows what was recorded. Called after each commit, in the order of positions; must not throw and must not wait. */
export type Publish = (events: readonly StoredEvent[]) => void;

/** Points where a test may end the process: `name` before or after the thing named. Does nothing in ordinary life. */
export type Failpoint = (name: FailpointName, side: "before" | "after") => void;

export type FailpointName =
  | "commit"
  | "effect.lease"
  | "effect.settle"
  | "spawn"
  | "fifo.write"
  | "spool.read"
  | "approval.answer"
  | "publish"
  | "acknowledge"
  | "migration";

export { CRASH_CLASS } from "@skein/core";
export type { Effect, EffectKind, SessionFact } from "@skein/core";
