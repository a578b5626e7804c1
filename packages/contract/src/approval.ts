/** A request that waits for a person's decision. Exactly one resolution wins; it expires when nobody needs it any more. */
import { z } from "zod";
import { operation } from "./operation.ts";
import {
  ApprovalId,
  ClientId,
  Instant,
  Page,
  SessionId,
  SessionRef,
  TurnId,
  next,
} from "./primitives.ts";
import { LIMITS } from "./limits.ts";

export const Question = z.object({
  id: z.string().describe("What an answer refers to"),
  question: z.string(),
  header: z.string().nullable(),
  options: z.array(z.object({ label: z.string(), description: z.string().nullable() })),
  many: z.boolean().describe("Whether several options may be chosen"),
  free: z.boolean().describe("Whether a text that is no option is accepted"),
});
export type Question = z.infer<typeof Question>;

/** What exactly is asked. */
export const ApprovalRequest = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("command"),
    command: z.string().describe("The command line that would run, whole"),
    argv: z
      .array(z.string())
      .nullable()
      .describe("As the agent would execute it, where the agent tells"),
    folder: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  z.object({
    kind: z.literal("edit"),
    changes: z.array(
      z.object({ path: z.string(), change: z.enum(["add", "update", "delete"]), diff: z.string() }),
    ),
    reason: z.string().nullable(),
  }),
  z.object({
    kind: z.literal("tool"),
    tool: z.string(),
    input: z.unknown(),
    reason: z.string().nullable(),
  }),
  z.object({ kind: z.literal("question"), questions: z.array(Question) }),
  z.object({ kind: z.literal("plan"), plan: z.string() }),
]);
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

export const Decision = z.enum(["allow", "always", "deny", "answer"]);
export type Decision = z.infer<typeof Decision>;

export const Resolution = z.object({
  decision: Decision,
  message: z.string().nullable(),
  answers: z.record(z.string(), z.array(z.string())).nullable(),
  by: z.string().describe("Who decided: a token's label, `local` for the unix socket"),
  at: Instant,
});
export type Resolution = z.infer<typeof Resolution>;

export const Approval = z.object({
  id: ApprovalId,
  session: SessionId,
  sessionName: z.string(),
  turn: TurnId.nullable(),
  generation: z.int(),
  title: z.string().describe("One line that a person can decide on"),
  request: ApprovalRequest,
  canAlways: z.boolean().describe("Whether `always` (for this session) can be granted"),
  state: z.enum(["open", "resolved", "expired"]),
  requestedAt: Instant,
  resolution: Resolution.nullable(),
  expired: z.object({ reason: z.string(), at: Instant }).nullable(),
});
export type Approval = z.infer<typeof Approval>;

export const approvalOperations = {
  "approvals.list": operation({
    name: "approvals.list",
    summary:
      "Approvals that wait for a decision, oldest first; with `all`, the past ones too, newest first",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/approvals" },
    input: z.strictObject({
      session: SessionRef.optional(),
      all: z.boolean().default(false),
      ...Page,
    }),
    output: z.object({ approvals: z.array(Approval), next }),
    errors: ["session_not_found"],
    tool: true,
    example: {},
  }),
  "approvals.get": operation({
    name: "approvals.get",
    summary: "One approval, whole",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/approvals/{approval}" },
    input: z.strictObject({ approval: ApprovalId }),
    output: Approval,
    errors: ["approval_not_found"],
    tool: true,
    example: { approval: "apr_01k0abcdefghjkmnpqrstvwxyz" },
  }),
  "approvals.resolve": operation({
    name: "approvals.resolve",
    summary:
      "Decide an approval: allow once, always (for this session), deny with a message, or answer its questions",
    kind: "write",
    scope: "operator.approvals",
    http: { method: "POST", path: "/api/approvals/{approval}/resolve" },
    input: z.strictObject({
      approval: ApprovalId,
      decision: Decision,
      message: z
        .string()
        .max(LIMITS.descriptionChars)
        .optional()
        .describe("Told to the agent with a deny"),
      answers: z
        .record(z.string(), z.array(z.string().max(4_000)).max(32))
        .optional()
        .describe("For questions: question id to the chosen labels or a free text"),
      clientId: ClientId.optional(),
    }),
    output: Approval,
    errors: ["approval_not_found", "already_resolved", "approval_expired", "answer_mismatch"],
    tool: false,
    example: { approval: "apr_01k0abcdefghjkmnpqrstvwxyz", decision: "allow" },
  }),
};
