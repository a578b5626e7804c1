/** Watches: references resolved, and the snapshot that a watch begins with. */
import { LIMITS, type Approval, type Session } from "@skein/contract";
import { eachRow } from "../each-row.ts";
import type { Feed, FeedSource } from "../feed/ports.ts";
import type { Row, RowQuery, Store } from "../engine/ports.ts";
import { readSessionRow } from "../engine/session-kind.ts";
import type { OpenWatch } from "../server/ports.ts";
import { findSessionId, openApprovals, viewApprovals } from "./find.ts";
import { optional } from "./optional.ts";
import { ownerOf, ownStore } from "./own.ts";
import type { Owners } from "./owners.ts";

export const openWatchWith =
  (store: Store, feed: Feed, owners: Owners): OpenWatch =>
  async ({ caller, after, filter }, sink) => {
    const token = ownerOf(caller);
    const seen = token === null ? store : ownStore(store, token);
    const sessions =
      filter.sessions === undefined
        ? undefined
        : await Promise.all(filter.sessions.map((ref) => findSessionId(seen, ref)));
    const owner = token === null ? undefined : await owners.of(token);
    const { types, live } = filter;
    return feed.watch({ after, sessions, types, live, ...optional("owner", owner) }, sink);
  };

type Views = {
  readonly sessions: readonly Session[];
  readonly approvals: readonly Approval[];
  readonly truncated: boolean;
};

/** As many rows as a snapshot may hold; whether there are more. */
const rowsOf = async (store: Store, query: Omit<RowQuery, "limit" | "cursor">) => {
  const rows: Row[] = [];
  const all = eachRow((page) => store.rows({ ...query, limit: LIMITS.pageMax, ...page }));
  for await (const row of all) {
    if (rows.length === LIMITS.snapshotRows) return { rows, truncated: true };
    rows.push(row);
  }
  return { rows, truncated: false };
};

const everything = async (store: Store): Promise<Views> => {
  const sessions = await rowsOf(store, { kind: "session" });
  const approvals = await rowsOf(store, { kind: "approval", order: "oldest" });
  return {
    sessions: sessions.rows.map((row) => readSessionRow(row).view),
    approvals: await viewApprovals(store, approvals.rows),
    truncated: sessions.truncated || approvals.truncated,
  };
};

const some = async (store: Store, ids: readonly string[]): Promise<Views> => {
  const sessions: Session[] = [];
  const approvals: Approval[] = [];
  for (const id of ids) {
    const row = await store.row("session", id);
    if (row === null) continue;
    sessions.push(readSessionRow(row).view);
    approvals.push(...(await openApprovals(store, id)));
  }
  return { sessions, approvals, truncated: false };
};

/**
 * The position is read first: an event committed while the views are read is told again after the snapshot, which changes
 * nothing for who takes the newest of each; none is missed.
 */
export const makeSnapshot =
  (store: Store): FeedSource["snapshot"] =>
  async (sessions, owner) => {
    const position = await store.head();
    const seen = owner === undefined ? store : ownStore(store, owner);
    return {
      position,
      ...(sessions === undefined ? await everything(seen) : await some(seen, sessions)),
    };
  };
