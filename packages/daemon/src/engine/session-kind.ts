/** Sessions with their approvals: one lane, one stream, rows of their own. */
import {
  decideSession,
  evolveSession,
  projectSession,
  type OpenApproval,
  type SessionInput,
  type SessionState,
} from "@skein/core";
import type { Kind, Step, Views } from "./kind.ts";
import type { ItemRow, Row, Store, TurnRow } from "./ports.ts";
import { LIMITS } from "@skein/contract";

type Kept = Omit<SessionState, "open">;

/** What sessions of an earlier version do not say of themselves. */
const before = {
  interface: "protocol",
  program: null,
  container: null,
  group: null,
  unreachable: null,
  goal: null,
} as const;

const unsaid = { begun: [], said: null, reserved: null } as const;

/** What was kept before sessions had owners has none. */
export const readSessionRow = (row: Row): Kept => {
  const kept = { ...unsaid, ...(JSON.parse(row.state) as Kept) };
  const { current } = kept;
  return {
    ...kept,
    owesSince: kept.owesSince ?? kept.view.activeAt,
    current: current === null ? null : { ...current, key: current.key ?? null },
    owner: row.owner,
    view: { ...before, ...kept.view },
  };
};
export const readApprovalRow = (row: Row): OpenApproval => JSON.parse(row.state) as OpenApproval;

const load = async (store: Store, stream: string): Promise<SessionState | null> => {
  const row = await store.row("session", stream);
  if (row === null) return null;
  const open = await store.rows({
    kind: "approval",
    parent: stream,
    order: "oldest",
    limit: LIMITS.openApprovals,
  });
  return {
    ...readSessionRow(row),
    open: Object.fromEntries(open.rows.map((one) => [one.id, readApprovalRow(one)])),
  };
};

const sessionRow = ({ open: _, ...kept }: SessionState): Row => ({
  kind: "session",
  id: kept.view.id,
  stream: kept.view.id,
  state: JSON.stringify(kept),
  label: kept.view.name,
  status: kept.view.status.state,
  parent: kept.view.parent,
  secret: null,
  owner: kept.owner,
  live: kept.view.deletedAt === null,
  attached: kept.process !== "none",
  createdAt: Date.parse(kept.view.createdAt),
});

const approvalRow = (one: OpenApproval, owner: string | null): Row => ({
  kind: "approval",
  id: one.approval.id,
  stream: one.approval.session,
  state: JSON.stringify(one),
  label: null,
  status: one.approval.state,
  parent: one.approval.session,
  secret: null,
  owner,
  live: one.approval.state === "open",
  attached: false,
  createdAt: Date.parse(one.approval.requestedAt),
});

const write = (
  after: SessionState | null,
  steps: readonly Step<SessionState>[],
  at: string,
  changed: boolean,
): Views => {
  const rows: Row[] = after !== null && changed ? [sessionRow(after)] : [];
  const items: ItemRow[] = [];
  const turns: TurnRow[] = [];
  const session = after?.view.id ?? "";
  for (const { before, event } of steps) {
    const projection = projectSession(before, event, at);
    if (projection?.view === "approval")
      rows.push(approvalRow(projection.approval, after?.owner ?? null));
    if (projection?.view === "turn") {
      turns.push({
        session,
        number: projection.turn.number,
        turn: JSON.stringify(projection.turn),
      });
    }
    if (projection?.view === "item") {
      const { item } = projection;
      items.push({
        session,
        id: item.id,
        order: item.order,
        kind: item.body.kind,
        item: JSON.stringify(item),
      });
    }
  }
  return { rows, items, turns };
};

export const sessionKind: Kind<SessionState, SessionInput> = {
  name: "session",
  load,
  decide: decideSession,
  evolve: evolveSession,
  write,
};
