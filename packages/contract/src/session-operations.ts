/** What can be done with sessions. */
import { z } from "zod";
import { BackendId, PermissionMode } from "./backend.ts";
import { Approval } from "./approval.ts";
import { Item } from "./item.ts";
import { HostName } from "./host-name.ts";
import { LIMITS } from "./limits.ts";
import { operation } from "./operation.ts";
import {
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
import {
  SessionState,
  Turn,
  SessionInterface,
  Program,
  Container,
  GroupName,
  Session,
} from "./session.ts";

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
