/** Watches: references resolved, and the snapshot that a watch begins with. */
import type { Feed, FeedSource } from "../feed/ports.ts";
import type { Approval, Session } from "@skein/contract";
import type { Store } from "../engine/ports.ts";
import { readSessionRow } from "../engine/session-kind.ts";
import type { OpenWatch } from "../server/ports.ts";
import { findSessionId, openApprovals, viewApprovals } from "./find.ts";

/** Sessions that a snapshot of everything holds at most: the newest. */
const SNAPSHOT_SESSIONS = 1_000;

export const openWatchWith =
  (store: Store, feed: Feed): OpenWatch =>
  async ({ after, filter }, sink) => {
    const sessions =
      filter.sessions === undefined
        ? undefined
        : await Promise.all(filter.sessions.map((ref) => findSessionId(store, ref)));
    return feed.watch({ after, sessions, types: filter.types, live: filter.live }, sink);
  };

const everything = async (
  store: Store,
): Promise<{ sessions: Session[]; approvals: Approval[] }> => {
  const sessions = await store.rows({ kind: "session", limit: SNAPSHOT_SESSIONS });
  const approvals = await store.rows({
    kind: "approval",
    order: "oldest",
    limit: SNAPSHOT_SESSIONS,
  });
  return {
    sessions: sessions.rows.map((row) => readSessionRow(row).view),
    approvals: await viewApprovals(store, approvals.rows),
  };
};

const some = async (
  store: Store,
  ids: readonly string[],
): Promise<{ sessions: Session[]; approvals: Approval[] }> => {
  const sessions: Session[] = [];
  const approvals: Approval[] = [];
  for (const id of ids) {
    const row = await store.row("session", id);
    if (row === null) continue;
    sessions.push(readSessionRow(row).view);
    approvals.push(...(await openApprovals(store, id)));
  }
  return { sessions, approvals };
};

/**
 * The position is read first: an event committed while the views are read is told again after the snapshot, which changes
 * nothing for who takes the newest of each; none is missed.
 */
export const makeSnapshot =
  (store: Store): FeedSource["snapshot"] =>
  async (sessions) => {
    const position = await store.head();
    return {
      position,
      ...(sessions === undefined ? await everything(store) : await some(store, sessions)),
    };
  };
