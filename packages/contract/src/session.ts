/** One durable conversation with one agent, on one host, in one folder. */
import { z } from "zod";
import { BackendId, PermissionMode } from "./backend.ts";
import { Goal } from "./goal.ts";
import { LIMITS } from "./limits.ts";
import {
  Argument,
  ApprovalId,
  Instant,
  PromptId,
  SessionId,
  SessionName,
  TurnId,
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
    .array(Argument)
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
