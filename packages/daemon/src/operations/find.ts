/** From what a caller says (an id or a name) to the thing itself. */
import { LIMITS, refuse, type Approval, type Session } from "@skein/contract";
import { eachRow } from "../each-row.ts";
import { readApprovalRow, readSessionRow } from "../engine/session-kind.ts";
import type { Row, Store } from "../engine/ports.ts";

export const notFound = (ref: string) =>
  refuse(
    "session_not_found",
    `There is no session ${JSON.stringify(ref)}.`,
    "List them with `skein list`.",
    { session: ref },
  );

const isId = (ref: string): boolean => /^ses_[0-9a-z]{26}$/.test(ref);

/** The id that a command goes to. An id is taken at its word: the lane knows whether there is such a session. */
export const addressOf = async (store: Store, ref: string): Promise<string> => {
  if (isId(ref)) return ref;
  const owner = await store.claimed("session-name", ref);
  if (owner === null) throw notFound(ref);
  return owner;
};

export const findSessionId = async (store: Store, ref: string): Promise<string> => {
  const id = await addressOf(store, ref);
  if (isId(ref) && (await store.row("session", id)) === null) throw notFound(ref);
  return id;
};

export type FoundSession = ReturnType<typeof readSessionRow>;

/** Deleted sessions are found by id only. */
export const findSession = async (store: Store, ref: string): Promise<FoundSession> => {
  const row = await store.row("session", await findSessionId(store, ref));
  if (row === null) throw notFound(ref);
  return readSessionRow(row);
};

/** Live sessions of a group, oldest first. */
export const membersOf = async (store: Store, group: string): Promise<string[]> => {
  const members: string[] = [];
  const query = { kind: "session", order: "oldest", limit: LIMITS.pageMax } as const;
  for await (const row of eachRow((page) => store.rows({ ...query, ...page })))
    if (readSessionRow(row).view.group === group) members.push(row.id);
  return members;
};

export const viewSession = async (store: Store, id: string): Promise<Session> =>
  (await findSession(store, id)).view;

/** As it was asked, under the name that its session has now. */
const viewApproval = async (store: Store, row: Row): Promise<Approval> => {
  const { approval } = readApprovalRow(row);
  const session = await store.row("session", approval.session);
  return { ...approval, sessionName: session?.label ?? approval.sessionName };
};

export const viewApprovals = (store: Store, rows: readonly Row[]): Promise<Approval[]> =>
  Promise.all(rows.map((row) => viewApproval(store, row)));

export const findApproval = async (store: Store, id: string): Promise<Approval> => {
  const row = await store.row("approval", id);
  if (row === null)
    throw refuse(
      "approval_not_found",
      `There is no approval ${id}.`,
      "List the open ones with `skein approvals`.",
    );
  return viewApproval(store, row);
};

/** Open approvals of a session, oldest first. */
export const openApprovals = async (store: Store, session: string): Promise<Approval[]> => {
  const { rows } = await store.rows({
    kind: "approval",
    parent: session,
    order: "oldest",
    limit: LIMITS.openApprovals,
  });
  return viewApprovals(store, rows);
};
