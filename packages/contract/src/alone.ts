/** Whether nothing and nobody waits for a session: only then may its age alone end it. */
import type { Session } from "./session.ts";

/** Never one that works or may be working unseen, waits for a person, has something left to do, or an open approval. */
export const isAlone = ({ status, turn, queued, approvals, unreachable, goal }: Session): boolean =>
  ["idle", "stopped", "failed", "lost"].includes(status.state) &&
  turn === null &&
  queued === 0 &&
  approvals.length === 0 &&
  unreachable === null &&
  goal?.state !== "active";
