/**
 * What a token for its own sessions may call: whatever else there is, it is refused. An operation stands here when all that
 * it shows and changes belongs to sessions, which the daemon then narrows to the token's own, or tells nothing of anyone's.
 */
import type { OperationName } from "./registry.ts";

export const OWN_OPERATIONS: ReadonlySet<OperationName> = new Set<OperationName>([
  "sessions.create",
  "sessions.list",
  "sessions.get",
  "sessions.send",
  "sessions.wait",
  "sessions.interrupt",
  "sessions.stop",
  "sessions.resume",
  "sessions.fork",
  "sessions.rename",
  "sessions.items",
  "sessions.turns",
  "sessions.lastMessage",
  "sessions.usage",
  "sessions.delete",
  "goals.set",
  "goals.change",
  "approvals.list",
  "approvals.get",
  "approvals.resolve",
  "events.append",
  "events.list",
  "events.watch",
  "events.unwatch",
  "backends.list",
  "system.status",
]);
