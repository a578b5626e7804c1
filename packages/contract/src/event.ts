/**
 * What is recorded, and how it is followed. An event is durable: once acknowledged it survives a power cut.
 * Deltas are live: coalesced, never stored; the settled item carries the full text.
 *
 * The watch promises: ordered, no gap, no duplicate, resumable from any retained position.
 */
import { z } from "zod";
import { Approval, Resolution } from "./approval.ts";
import { Backend } from "./backend.ts";
import { Goal } from "./goal.ts";
import { HostCheck } from "./host.ts";
import { Item } from "./item.ts";
import { LIMITS } from "./limits.ts";
import { operation } from "./operation.ts";
import {
  ApprovalId,
  ClientId,
  Instant,
  Position,
  PromptId,
  SessionId,
  SessionRef,
  TerminalId,
  TokenId,
  TurnId,
  next,
} from "./primitives.ts";
import { Reach, Scope } from "./scopes.ts";
import { Session, SessionStatus, Turn } from "./session.ts";

const EventType = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)*$/,
    "use lower-case words joined by dots, such as hook.stop",
  )
  .max(64);

/** The data of each durable event type. A type, once released, is decodable for ever. */
export const EVENT_DATA = {
  "session.created": z.object({
    session: Session,
    forkOf: z
      .string()
      .nullable()
      .describe("With a fork: the vendor's id of the conversation it copies"),
    by: z.string(),
    token: TokenId.nullable()
      .optional()
      .describe("The token for its own sessions that it was created with; null or absent: none"),
  }),
  "session.renamed": z.object({
    name: z.string(),
    description: z.string().nullable(),
    tags: z.array(z.string()),
    group: z.string().nullable().optional().describe("Absent: as it was"),
  }),
  "session.goal": z
    .object({ goal: Goal.nullable(), by: z.string() })
    .describe("A goal was set, changed its state, or (null) was cleared"),
  "session.deleted": z.object({ by: z.string() }),
  "session.status": SessionStatus,
  "session.process.starting": z.object({
    generation: z.int(),
    how: z.enum(["new", "resume", "fork"]),
  }),
  "session.process.started": z.object({
    generation: z.int(),
    pid: z.int().nullable(),
    providerSessionId: z.string().nullable(),
    reserved: z
      .string()
      .nullable()
      .optional()
      .describe(
        "The vendor's id that the conversation will have with its first words; this session's alone from here on",
      ),
    model: z.string().nullable().describe("The model the agent says it runs"),
  }),
  "session.provider": z
    .object({ providerSessionId: z.string() })
    .describe("The vendor's own id of the conversation became known, or changed"),
  "session.process.stopping": z.object({
    generation: z.int(),
    why: z
      .enum(["stop", "idle", "delete", "fault", "restart"])
      .describe(
        "fault: the agent fell silent, or did not get ready in time. restart: it was asked back while it was being stopped, and starts again after. A later one of the same generation takes the place of an earlier one; a process that does not end is told again",
      ),
  }),
  "session.process.ended": z.object({
    generation: z.int(),
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    expected: z.boolean(),
    reason: z.string(),
  }),
  "session.prompt.queued": z.object({
    prompt: PromptId,
    text: z.string(),
    how: z
      .enum(["queue", "steer", "interrupt", "goal"])
      .describe("goal: Skein's own, that the agent go on towards its goal"),
    by: z.string(),
  }),
  "session.prompt.steered": z
    .object({ prompt: PromptId, turn: TurnId, text: z.string(), by: z.string() })
    .describe("Given to the turn in progress"),
  "session.prompt.dropped": z.object({ prompt: PromptId, reason: z.string() }),
  "session.prompt.returned": z
    .object({ prompt: PromptId, reason: z.string() })
    .describe("Its turn never reached the agent; it waits again"),
  "session.prompt.accepted": z
    .object({ prompt: PromptId, turn: TurnId })
    .describe("The agent has taken it: it is never given again"),
  "session.turn.interrupting": z.object({ turn: TurnId, by: z.string() }),
  "session.turn.started": z.object({
    turn: Turn,
    begun: z
      .string()
      .optional()
      .describe(
        "Nobody asked Skein for it: typed into the agent itself; the driver's key for the turn",
      ),
  }),
  "session.turn.ended": z.object({ turn: Turn }),
  "session.item": z.object({ item: Item }),
  "session.reported": z
    .object({ type: EventType, data: z.unknown(), by: z.string() })
    .describe("A fact told by others through events.append"),
  "approval.requested": z.object({
    approval: Approval,
    request: z.string().describe("The driver's own key for it"),
  }),
  "approval.resolved": z.object({
    approval: ApprovalId,
    session: SessionId,
    resolution: Resolution,
  }),
  "approval.expired": z.object({ approval: ApprovalId, session: SessionId, reason: z.string() }),
  "host.added": z.object({ host: z.string(), home: z.string(), by: z.string() }),
  "host.checked": z.object({ host: z.string(), check: HostCheck }),
  "host.removed": z.object({ host: z.string(), by: z.string() }),
  "terminal.opened": z.object({
    terminal: TerminalId,
    host: z.string(),
    folder: z.string(),
    session: SessionId.nullable(),
    runs: z.enum(["shell", "agent", "program"]),
    argv: z.array(z.string()),
    columns: z.int(),
    rows: z.int(),
    by: z.string(),
  }),
  "terminal.closed": z.object({ terminal: TerminalId, by: z.string() }),
  "backend.checked": z.object({ backend: Backend }),
  "token.created": z.object({
    token: TokenId,
    label: z.string(),
    scopes: z.array(Scope),
    sessions: Reach.optional().describe("Absent: all"),
    expiresAt: Instant.nullable(),
    by: z.string(),
  }),
  "token.revoked": z.object({ token: TokenId, by: z.string() }),
} as const;

export type EventTypeName = keyof typeof EVENT_DATA;
export type EventData<T extends EventTypeName> = z.infer<(typeof EVENT_DATA)[T]>;

/** An event before the store has given it its place. */
export type NewEvent = {
  [T in EventTypeName]: { readonly type: T; readonly data: EventData<T> };
}[EventTypeName];

export const SkeinEvent = z.object({
  position: Position.describe("Place in the global log: dense, from 1"),
  stream: z.string().describe("Whose history: a session id, a token id, or backend:<id>"),
  seq: z.int().min(1).describe("Place in its stream: dense, from 1, never reused"),
  at: Instant,
  type: z.string(),
  data: z.unknown(),
});
export type SkeinEvent = z.infer<typeof SkeinEvent>;

/** Live words of an agent. `text` is what was added to the item since the last delta. */
export const Delta = z.object({
  session: SessionId,
  item: z.string(),
  kind: z.enum(["message", "reasoning", "output"]),
  text: z.string(),
});
export type Delta = z.infer<typeof Delta>;

export const WatchFilter = z.strictObject({
  sessions: z
    .array(SessionRef)
    .max(LIMITS.watchSessions)
    .optional()
    .describe("Only these; default: all"),
  types: z
    .array(z.string().max(64))
    .max(64)
    .optional()
    .describe("Only these types; `session.turn` takes all that begin with it"),
  live: z.boolean().default(true).describe("Whether deltas are wanted"),
});

/** Frames of a watch, in this order: snapshot (without `after`), events, caught-up, then events and deltas as they come. */
export const WatchFrame = z.discriminatedUnion("frame", [
  z.object({
    frame: z.literal("snapshot"),
    position: Position,
    sessions: z.array(Session),
    approvals: z.array(Approval),
    truncated: z
      .boolean()
      .describe(
        "Whether there are more than one frame holds: page through sessions.list for the rest",
      ),
  }),
  z.object({ frame: z.literal("events"), events: z.array(SkeinEvent) }),
  z.object({ frame: z.literal("caught-up"), position: Position }),
  z.object({ frame: z.literal("deltas"), deltas: z.array(Delta) }),
  z
    .object({ frame: z.literal("lagged"), resumeFrom: Position })
    .describe("Too slow: the watch has ended; watch again after this position"),
  z
    .object({ frame: z.literal("going-away"), resumeFrom: Position })
    .describe("The daemon stops; watch again after this position"),
]);
export type WatchFrame = z.infer<typeof WatchFrame>;

export const eventOperations = {
  "events.append": operation({
    name: "events.append",
    summary:
      "Report facts about a session (an agent's hook, a script); answered once they are synced to disk",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/sessions/{session}/events" },
    input: z.strictObject({
      session: SessionRef,
      events: z
        .array(
          z.strictObject({ type: EventType, data: z.json().default(null), clientId: ClientId }),
        )
        .min(1)
        .max(LIMITS.appendEvents),
    }),
    output: z.object({
      events: z.array(
        z.object({
          clientId: ClientId,
          seq: z.int(),
          repeated: z.boolean().describe("It was recorded before; this is its first seq"),
        }),
      ),
    }),
    errors: ["session_not_found", "session_deleted", "payload_too_large", "storage_full"],
    tool: false,
    example: {
      session: "fizz-top",
      events: [{ type: "hook.stop", data: { ok: true }, clientId: "hook-1" }],
    },
  }),
  "events.list": operation({
    name: "events.list",
    summary: "A page of the log, oldest first",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/events" },
    input: z.strictObject({
      after: Position.default(0),
      session: SessionRef.optional(),
      limit: z.int().min(1).max(LIMITS.pageMax).default(LIMITS.pageDefault),
    }),
    output: z.object({ events: z.array(SkeinEvent), next, head: Position }),
    errors: ["session_not_found", "cursor_ahead", "cursor_compacted"],
    tool: false,
    example: { after: 0 },
  }),
  "events.watch": operation({
    name: "events.watch",
    summary:
      "Follow the log: a snapshot or the events after a position, then caught-up, then live (socket, or server-sent events)",
    kind: "stream",
    scope: "operator.read",
    http: { method: "GET", path: "/api/events/watch" },
    input: z.strictObject({
      after: Position.optional(),
      filter: WatchFilter.default({ live: true }),
    }),
    output: WatchFrame,
    errors: ["session_not_found", "cursor_ahead", "cursor_compacted"],
    tool: false,
    example: { after: 0, filter: { sessions: ["fizz-top"] } },
  }),
  "events.unwatch": operation({
    name: "events.unwatch",
    summary: "End a watch of this socket connection",
    kind: "read",
    scope: "operator.read",
    http: { method: "POST", path: "/api/events/unwatch" },
    input: z.strictObject({ watch: z.string().max(32) }),
    output: z.object({ ended: z.boolean() }),
    errors: [],
    tool: false,
    example: { watch: "w1" },
  }),
};
