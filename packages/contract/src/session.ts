/** One durable conversation with one agent, on one host, in one folder. */
import { z } from "zod";
import { BackendId, PermissionMode } from "./backend.ts";
import { Approval } from "./approval.ts";
import { Item } from "./item.ts";
import { Goal } from "./goal.ts";
import { HostName } from "./host-name.ts";
import { LIMITS } from "./limits.ts";
import { operation } from "./operation.ts";
import {
  ApprovalId,
  ClientId,
  Instant,
  Page,
  PromptId,
  SessionId,
  SessionName,
  SessionRef,
  TurnId,
  next,
} from "./primitives.ts";
import { Usage } from "./usage.ts";

export const SessionState = z.enum([
  "starting",
  "idle",
  "working",
  "waiting",
  "stopped",
  "failed",
  "lost",
]);
export type SessionState = z.infer<typeof SessionState>;

export const SessionStatus = z.object({
  state: SessionState,
  waitingFor: z
    .enum(["approval", "question", "limit", "login"])
    .nullable()
    .describe("Only with `waiting`"),
  reason: z.string().describe("Why, in a few words a person can act on"),
  source: z
    .enum(["command", "protocol", "hook", "transcript", "screen", "process", "tick"])
    .describe("Who knows it; screen: read off a terminal, so it may be wrong"),
  since: Instant,
});
export type SessionStatus = z.infer<typeof SessionStatus>;

export const TurnOutcome = z.enum(["completed", "interrupted", "failed"]);
export type TurnOutcome = z.infer<typeof TurnOutcome>;

export const TurnError = z.object({
  kind: z
    .enum(["login", "limit", "model", "api", "silent", "agent", "cut"])
    .describe(
      "login: not logged in. limit: rate or usage limit. model: unknown model. api: the vendor refused. silent: no word for too long. agent: the process died. cut: the answer broke off",
    ),
  message: z.string(),
  remedy: z.string(),
});
export type TurnError = z.infer<typeof TurnError>;

export const Turn = z.object({
  id: TurnId,
  number: z.int().min(1),
  prompt: PromptId,
  startedAt: Instant,
  endedAt: Instant.nullable(),
  outcome: TurnOutcome.nullable().describe("null while it runs"),
  error: TurnError.nullable(),
  usage: Usage.nullable(),
});
export type Turn = z.infer<typeof Turn>;

/** How the agent is held: by its machine protocol, or as the program that people know, in a terminal. */
export const SessionInterface = z.enum(["protocol", "tui"]);
export type SessionInterface = z.infer<typeof SessionInterface>;

const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text, "u") instanceof RegExp;
  } catch {
    return false;
  }
};

/** Any command line as an agent: what it shows on its terminal is all that is known of it. */
export const Program = z.strictObject({
  argv: z
    .array(z.string().min(1).max(LIMITS.argumentChars))
    .min(1)
    .max(LIMITS.arguments)
    .describe("Program and arguments; no shell reads them"),
  quietMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(2_000)
    .describe("A turn is over when its screen has not changed for so long"),
  ready: z
    .string()
    .min(1)
    .max(500)
    .refine(isPattern, "use a regular expression as JavaScript has them (with the flag u)")
    .optional()
    .describe(
      "A regular expression: a turn is over when the last line that is not empty matches it, and its screen is quiet",
    ),
  marker: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("A text: a turn is over when it appears in what was shown since the prompt"),
});
export type Program = z.infer<typeof Program>;

/** The container that a session's agent runs in. */
export const Container = z.strictObject({
  image: z
    .string()
    .max(500)
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/,
      "use an image's name, such as registry.example/agents:1",
    ),
  network: z
    .enum(["none", "default", "host"])
    .default("default")
    .describe("none: no network at all. default: the engine's own. host: as the host has it"),
  cpus: z.number().min(0.1).max(1_024).optional(),
  memoryMiB: z.int().min(64).max(16_777_216).optional(),
});
export type Container = z.infer<typeof Container>;

/** Sessions that are sent to, waited for and ended together. */
export const GroupName = SessionName.describe("A group of sessions");

export const Session = z.object({
  id: SessionId,
  name: SessionName,
  backend: BackendId,
  host: z.string(),
  folder: z.string(),
  interface: SessionInterface,
  program: Program.nullable().describe("Only with the backend `terminal`"),
  container: Container.nullable().describe("null: the agent runs on the host itself"),
  group: GroupName.nullable(),
  unreachable: Instant.nullable().describe(
    "Since when its host has not answered; its agent may be working all the same",
  ),
  model: z.string().nullable().describe("As chosen; null: the agent's own default"),
  effort: z.string().nullable(),
  permissions: PermissionMode,
  description: z.string().nullable(),
  tags: z.array(z.string()),
  parent: SessionId.nullable().describe("The session that created it"),
  forkedFrom: SessionId.nullable(),
  generation: z.int().min(0).describe("Lives of its process so far; 0: never started"),
  providerSessionId: z.string().nullable().describe("The vendor's own id of the conversation"),
  status: SessionStatus,
  turn: Turn.nullable().describe("The turn in progress"),
  lastTurn: Turn.nullable().describe("The newest turn that ended"),
  turns: z.int().min(0),
  queued: z.int().min(0).describe("Prompts that wait for the turn in progress"),
  approvals: z.array(ApprovalId).describe("Open approvals"),
  goal: Goal.nullable().describe("What it works towards by itself"),
  usage: Usage,
  createdAt: Instant,
  activeAt: Instant.describe("Last sign of work: a prompt, a word, an answer"),
  deletedAt: Instant.nullable(),
});
export type Session = z.infer<typeof Session>;

const session = { session: SessionRef };
const clientId = { clientId: ClientId.optional() };
const sessionView = z.object({ session: Session });
const exampleRef = { session: "fizz-top" };

export const sessionOperations = {
  "sessions.create": operation({
    name: "sessions.create",
    summary: "Create a session and start its agent",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/sessions" },
    input: z.strictObject({
      backend: BackendId.default("claude-code"),
      folder: z
        .string()
        .min(1)
        .max(4_096)
        .describe("Absolute path of the folder the agent works in, on its host"),
      name: SessionName.optional().describe("Default: a champion and a role, such as fizz-top"),
      host: HostName.default("local").describe(
        "Where the agent runs: local, or a host of `hosts.list`",
      ),
      interface: SessionInterface.optional().describe("Default: the backend's first"),
      program: Program.optional().describe("With the backend `terminal`, and with no other"),
      container: Container.extend({
        image: Container.shape.image
          .optional()
          .describe("Default: the configuration's containers.image"),
      })
        .optional()
        .describe("Runs the agent in a container on that host"),
      group: GroupName.optional(),
      model: z.string().min(1).max(200).optional(),
      effort: z.string().min(1).max(32).optional(),
      permissions: PermissionMode.optional().describe(
        "Default: guarded; with the backend `terminal`, which cannot ask, full",
      ),
      description: z.string().max(LIMITS.descriptionChars).optional(),
      tags: z.array(z.string().min(1).max(LIMITS.tagChars)).max(LIMITS.tags).default([]),
      parent: SessionRef.optional(),
      ...clientId,
    }),
    output: sessionView,
    errors: [
      "folder_not_found",
      "folder_not_directory",
      "backend_unknown",
      "backend_not_installed",
      "backend_not_logged_in",
      "interface_unsupported",
      "host_unknown",
      "host_unreachable",
      "container_engine_missing",
      "container_image_missing",
      "container_unusable",
      "model_unknown",
      "effort_unknown",
      "name_taken",
      "session_not_found",
    ],
    tool: true,
    example: { backend: "claude-code", folder: "/home/me/project" },
  }),
  "sessions.list": operation({
    name: "sessions.list",
    summary: "Sessions, newest first",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/sessions" },
    input: z.strictObject({
      state: z.array(SessionState).optional(),
      backend: BackendId.optional(),
      host: HostName.optional(),
      group: GroupName.optional(),
      tag: z.string().max(LIMITS.tagChars).optional(),
      parent: SessionRef.optional(),
      deleted: z.boolean().default(false).describe("Deleted ones instead of live ones"),
      ...Page,
    }),
    output: z.object({ sessions: z.array(Session), next }),
    errors: ["session_not_found"],
    tool: true,
    example: {},
  }),
  "sessions.get": operation({
    name: "sessions.get",
    summary: "One session",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/sessions/{session}" },
    input: z.strictObject(session),
    output: sessionView,
    errors: ["session_not_found"],
    tool: true,
    example: exampleRef,
  }),
  "sessions.send": operation({
    name: "sessions.send",
    summary:
      "Give the agent a prompt: queued in order (default), steering the turn in progress, or interrupting it first",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/sessions/{session}/send" },
    input: z.strictObject({
      ...session,
      text: z.string().describe("At most 1 MiB; no NUL"),
      how: z.enum(["queue", "steer", "interrupt"]).default("queue"),
      ...clientId,
    }),
    output: z.object({
      session: Session,
      prompt: PromptId,
      delivery: z
        .enum(["started", "queued", "steered"])
        .describe("started: its turn begins now. queued: behind others or while the agent starts"),
    }),
    errors: [
      "session_not_found",
      "session_deleted",
      "prompt_empty",
      "prompt_too_large",
      "prompt_is_binary",
      "queue_full",
      "steer_unsupported",
      "resume_unsupported",
    ],
    tool: true,
    example: { session: "fizz-top", text: "Run the tests and fix what fails" },
  }),
  "sessions.wait": operation({
    name: "sessions.wait",
    summary:
      "Wait until sessions have nothing left to do, or one needs a person, or the time is over",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/wait" },
    input: z.strictObject({
      sessions: z.array(SessionRef).max(LIMITS.waitSessions).default([]),
      group: GroupName.optional().describe("All that are in it now, beside those named"),
      prompt: PromptId.optional().describe(
        "With one session: wait for the turn of this prompt, whatever is queued before and behind it",
      ),
      until: z.enum(["any", "all"]).default("all"),
      goal: z
        .boolean()
        .default(false)
        .describe(
          "For their goals: done is complete, waiting is blocked or paused, failed is spent without being reached",
        ),
      timeoutMs: z.int().min(0).max(LIMITS.waitMs).default(300_000),
    }),
    output: z.object({
      outcome: z
        .enum(["done", "waiting", "failed", "timeout"])
        .describe(
          "done: turns ended well. waiting: one needs a person. failed: a turn or an agent failed, or the prompt got no turn. timeout: none of these in time",
        ),
      sessions: z.array(
        z.object({
          session: Session,
          outcome: z.enum(["done", "waiting", "failed", "working"]),
          approvals: z.array(Approval),
          turn: Turn.nullable().describe("With `prompt`: its turn; null when it has none"),
        }),
      ),
    }),
    errors: ["session_not_found", "no_goal"],
    tool: true,
    example: { sessions: ["fizz-top"], timeoutMs: 60_000 },
  }),
  "sessions.interrupt": operation({
    name: "sessions.interrupt",
    summary: "Stop the turn in progress; the agent stays",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/sessions/{session}/interrupt" },
    input: z.strictObject({
      ...session,
      clearQueue: z.boolean().default(false).describe("Also drop the prompts that wait"),
      ...clientId,
    }),
    output: z.object({
      session: Session,
      interrupted: z.boolean().describe("false: no turn was running"),
      dropped: z.int(),
    }),
    errors: ["session_not_found", "session_deleted"],
    tool: true,
    example: exampleRef,
  }),
  "sessions.stop": operation({
    name: "sessions.stop",
    summary: "End the agent's process gracefully; the session stays and can be resumed",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/sessions/{session}/stop" },
    input: z.strictObject({ ...session, ...clientId }),
    output: sessionView,
    errors: ["session_not_found", "session_deleted"],
    tool: true,
    example: exampleRef,
  }),
  "sessions.resume": operation({
    name: "sessions.resume",
    summary: "Start the agent's process again, with the same conversation",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/sessions/{session}/resume" },
    input: z.strictObject({ ...session, ...clientId }),
    output: sessionView,
    errors: [
      "session_not_found",
      "session_deleted",
      "resume_unsupported",
      "backend_not_installed",
      "backend_not_logged_in",
      "container_engine_missing",
      "container_image_missing",
      "container_unusable",
      "host_unknown",
      "host_unreachable",
      "folder_not_found",
      "folder_not_directory",
    ],
    tool: true,
    example: exampleRef,
  }),
  "sessions.fork": operation({
    name: "sessions.fork",
    summary: "A new session that begins with a copy of this one's conversation",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/sessions/{session}/fork" },
    input: z.strictObject({
      ...session,
      name: SessionName.optional(),
      description: z.string().max(LIMITS.descriptionChars).optional(),
      ...clientId,
    }),
    output: sessionView,
    errors: [
      "session_not_found",
      "session_deleted",
      "session_busy",
      "nothing_to_fork",
      "fork_unsupported",
      "name_taken",
      "host_unknown",
      "host_unreachable",
      "folder_not_found",
      "folder_not_directory",
    ],
    tool: true,
    example: exampleRef,
  }),
  "sessions.rename": operation({
    name: "sessions.rename",
    summary: "Change a session's name, description, tags or group",
    kind: "write",
    scope: "operator.write",
    http: { method: "PATCH", path: "/api/sessions/{session}" },
    input: z.strictObject({
      ...session,
      name: SessionName.optional(),
      description: z.string().max(LIMITS.descriptionChars).nullable().optional(),
      tags: z.array(z.string().min(1).max(LIMITS.tagChars)).max(LIMITS.tags).optional(),
      group: GroupName.nullable().optional().describe("null: in none any more"),
      ...clientId,
    }),
    output: sessionView,
    errors: ["session_not_found", "session_deleted", "name_taken"],
    tool: false,
    example: { session: "fizz-top", name: "release-notes" },
  }),
  "sessions.items": operation({
    name: "sessions.items",
    summary: "What happened in a session, page by page from either end",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/sessions/{session}/items" },
    input: z.strictObject({ ...session, from: z.enum(["start", "end"]).default("end"), ...Page }),
    output: z.object({
      items: z
        .array(Item)
        .describe("Always in the order they happened, whichever end the page was taken from"),
      next,
    }),
    errors: ["session_not_found"],
    tool: true,
    example: exampleRef,
  }),
  "sessions.turns": operation({
    name: "sessions.turns",
    summary: "The turns of a session with outcome and usage, newest first",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/sessions/{session}/turns" },
    input: z.strictObject({ ...session, ...Page }),
    output: z.object({ turns: z.array(Turn), next }),
    errors: ["session_not_found"],
    tool: false,
    example: exampleRef,
  }),
  "sessions.lastMessage": operation({
    name: "sessions.lastMessage",
    summary: "The agent's newest messages",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/sessions/{session}/last-message" },
    input: z.strictObject({ ...session, count: z.int().min(1).max(100).default(1) }),
    output: z.object({
      messages: z.array(z.object({ text: z.string(), turn: TurnId.nullable(), at: Instant })),
    }),
    errors: ["session_not_found"],
    tool: true,
    example: exampleRef,
  }),
  "sessions.usage": operation({
    name: "sessions.usage",
    summary: "Tokens and cost of one session, or of all that the daemon remembers",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/usage" },
    input: z.strictObject({ session: SessionRef.optional() }),
    output: z.object({
      total: Usage,
      sessions: z.array(
        z.object({
          id: SessionId,
          name: SessionName,
          backend: BackendId,
          turns: z.int(),
          usage: Usage,
        }),
      ),
    }),
    errors: ["session_not_found"],
    tool: true,
    example: {},
  }),
  "sessions.delete": operation({
    name: "sessions.delete",
    summary:
      "End the agent at once and take the session off the list; its name is free again, its history stays in the log",
    kind: "write",
    scope: "operator.write",
    http: { method: "DELETE", path: "/api/sessions/{session}" },
    input: z.strictObject({ ...session, ...clientId }),
    output: sessionView,
    errors: ["session_not_found", "session_deleted"],
    tool: true,
    example: exampleRef,
  }),
};
