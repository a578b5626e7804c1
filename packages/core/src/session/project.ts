/** What an event changes in the views beside the session itself: its transcript, its turns, its approvals. */
import type { Approval, Item, NewEvent, Turn } from "@skein/contract";
import { own } from "./record.ts";
import type { OpenApproval, SessionState } from "./state.ts";

export type Projection =
  | { readonly view: "item"; readonly item: Item }
  | { readonly view: "turn"; readonly turn: Turn }
  | { readonly view: "approval"; readonly approval: OpenApproval };

const decided = (
  before: SessionState,
  id: string,
  change: Partial<Approval>,
): Projection | null => {
  const open = own(before.open, id);
  return open === undefined
    ? null
    : { view: "approval", approval: { ...open, approval: { ...open.approval, ...change } } };
};

/** `before` is the session as it was when the event happened. */
export const projectSession = (
  before: SessionState | null,
  event: NewEvent,
  at: string,
): Projection | null => {
  switch (event.type) {
    case "session.item":
      return { view: "item", item: event.data.item };
    case "session.turn.started":
    case "session.turn.ended":
      return { view: "turn", turn: event.data.turn };
    case "approval.requested":
      return {
        view: "approval",
        approval: { approval: event.data.approval, request: event.data.request },
      };
    case "approval.resolved":
      return before === null
        ? null
        : decided(before, event.data.approval, {
            state: "resolved",
            resolution: event.data.resolution,
          });
    case "approval.expired":
      return before === null
        ? null
        : decided(before, event.data.approval, {
            state: "expired",
            expired: { reason: event.data.reason, at },
          });
    default:
      return null;
  }
};
