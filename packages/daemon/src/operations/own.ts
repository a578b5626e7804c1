/**
 * The walls around a token for its own sessions. Its operations get a store that shows, and an engine that changes, no other
 * session: to them the others are not there, by name or by id. What is not in the contract's OWN_OPERATIONS is refused.
 *
 * It is enforced here and nowhere else: a handler that finds and changes sessions through its deps needs to know nothing of it.
 */
import { OWN_OPERATIONS, refuse, type OperationName } from "@skein/contract";
import type { SessionInput } from "@skein/core";
import { eachRow } from "../each-row.ts";
import type { Engine } from "../engine/engine.ts";
import type { PageOf, Row, RowKind, RowQuery, Store, StoredEvent } from "../engine/ports.ts";
import { notFound } from "./find.ts";
import { optional } from "./optional.ts";
import type { Caller, OperationDeps } from "./ports.ts";

/** The token whose sessions are all that this caller may touch; null: it may touch all. */
export const ownerOf = ({ sessions, token }: Caller): string | null => {
  if (sessions === "all") return null;
  if (token === null) throw new Error("only a token has sessions of its own");
  return token;
};

export const notForOwn = (what: string) =>
  refuse(
    "forbidden",
    `${what} is not for a token that may touch its own sessions only.`,
    "Use a token that was created without that limit, or do it where the daemon runs.",
  );

/** Throws a Refusal. */
export const admitOwn = (name: OperationName): void => {
  if (!OWN_OPERATIONS.has(name)) throw notForOwn(name);
};

const OWNED: readonly RowKind[] = ["session", "approval"];
/** The same for everyone: which agents there are. */
const SHARED: readonly RowKind[] = ["backend"];

const isSeen = (row: Row, owner: string): boolean =>
  SHARED.includes(row.kind) || (OWNED.includes(row.kind) && row.owner === owner);

const nothing: PageOf<never> = { rows: [], next: null };
/** Sessions read in one go, where a question is asked of each. */
const PAGE = 500;

/** Every row of a kind that belongs to it. */
export const eachOf = (store: Store, kind: RowKind, owner: string, live?: RowQuery["live"]) =>
  eachRow((page) => store.rows({ kind, owner, limit: PAGE, ...optional("live", live), ...page }));

const closed = (): never => {
  throw new Error("not for a caller with sessions of its own");
};

export const ownStore = (store: Store, owner: string): Store => {
  const owns = async (session: string): Promise<boolean> =>
    (await store.row("session", session))?.owner === owner;

  /** The first ones of all its streams together: each stream's first ones are read, the first of those kept. */
  const events: Store["events"] = async ({ after, stream, limit }) => {
    if (stream !== undefined)
      return (await owns(stream)) ? store.events({ after, stream, limit }) : [];
    let first: StoredEvent[] = [];
    for await (const row of eachOf(store, "session", owner, "all")) {
      const more = await store.events({ after, stream: row.id, limit });
      first = [...first, ...more].toSorted((a, b) => a.position - b.position).slice(0, limit);
    }
    return first;
  };

  return {
    head: () => store.head(),
    row: async (kind, id) => {
      const row = await store.row(kind, id);
      return row !== null && isSeen(row, owner) ? row : null;
    },
    rows: async (query) => {
      if (OWNED.includes(query.kind)) return store.rows({ ...query, owner });
      return SHARED.includes(query.kind) ? store.rows(query) : nothing;
    },
    counts: async (kind) => {
      const counts: Record<string, number> = {};
      if (!OWNED.includes(kind)) return counts;
      for await (const { status } of eachOf(store, kind, owner))
        counts[status ?? ""] = (counts[status ?? ""] ?? 0) + 1;
      return counts;
    },
    claimed: async (space, key) => {
      const holder = await store.claimed(space, key);
      return holder !== null && (await owns(holder)) ? holder : null;
    },
    events,
    items: async (query) => ((await owns(query.session)) ? store.items(query) : nothing),
    turns: async (query) => ((await owns(query.session)) ? store.turns(query) : nothing),
    commit: closed,
    streamHead: closed,
    rowBySecret: closed,
    receipt: closed,
    reported: closed,
    effects: closed,
    checkpoint: closed,
    pruneReceipts: closed,
    check: closed,
    close: closed,
  };
};

const ownEngine = (engine: Engine, store: Store, owner: string): Engine => {
  const admit = async (kind: { readonly name: string }, stream: string): Promise<void> => {
    const row = kind.name === "session" ? await store.row("session", stream) : null;
    if (row?.owner !== owner) throw notFound(stream);
  };
  const isBirth = (kind: { readonly name: string }, input: unknown): boolean =>
    kind.name === "session" &&
    (input as SessionInput).type === "create" &&
    (input as Extract<SessionInput, { type: "create" }>).token === owner;
  return {
    receipts: engine.receipts,
    dispatch: async (kind, stream, input, asking) => {
      if (!isBirth(kind, input)) await admit(kind, stream);
      return engine.dispatch(kind, stream, input, asking);
    },
    append: async (kind, stream, facts, input, actor) => {
      await admit(kind, stream);
      return engine.append(kind, stream, facts, input, actor);
    },
    note: closed,
    close: closed,
  };
};

/** The same house, with no sessions in it but the token's own, and without the names of the machines that it reaches. */
export const narrowTo = (deps: OperationDeps, owner: string): OperationDeps => ({
  ...deps,
  store: ownStore(deps.store, owner),
  engine: ownEngine(deps.engine, deps.store, owner),
  hosts: { ...deps.hosts, names: () => [] },
});
