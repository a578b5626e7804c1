/**
 * What happens in a turn: a message, a tool call, a command, a change of files, a question.
 * An item is upserted by its id: first as `running`, then settled; the settled item carries the full text.
 */
import { z } from "zod";
import { Instant, TurnId } from "./primitives.ts";

export const ItemStatus = z.enum(["running", "done", "failed", "declined", "interrupted"]);
export type ItemStatus = z.infer<typeof ItemStatus>;

const body = {
  user: z.object({
    kind: z.literal("user"),
    text: z.string(),
    how: z
      .enum(["queue", "steer", "interrupt", "outside", "goal"])
      .describe(
        "How it reached the agent; outside: typed into the agent itself. goal: Skein asked it to go on towards its goal",
      ),
  }),
  message: z.object({ kind: z.literal("message"), text: z.string() }),
  reasoning: z.object({ kind: z.literal("reasoning"), text: z.string() }),
  command: z.object({
    kind: z.literal("command"),
    command: z.string().describe("The command line as the agent gave it"),
    folder: z.string().nullable(),
    output: z.string(),
    exitCode: z.int().nullable(),
    status: ItemStatus,
  }),
  edit: z.object({
    kind: z.literal("edit"),
    changes: z.array(
      z.object({
        path: z.string(),
        change: z.enum(["add", "update", "delete"]),
        diff: z.string().describe("Unified diff hunks, or the whole text of a new file"),
      }),
    ),
    status: ItemStatus,
  }),
  tool: z.object({
    kind: z.literal("tool"),
    tool: z.string(),
    title: z.string(),
    input: z.unknown(),
    output: z.string(),
    status: ItemStatus,
  }),
  notice: z.object({
    kind: z.literal("notice"),
    level: z.enum(["info", "warning", "error"]),
    text: z.string(),
  }),
};

export const ItemBody = z.discriminatedUnion("kind", [
  body.user,
  body.message,
  body.reasoning,
  body.command,
  body.edit,
  body.tool,
  body.notice,
]);
export type ItemBody = z.infer<typeof ItemBody>;

export const Item = z.object({
  id: z
    .string()
    .min(1)
    .max(128)
    .describe("Unique in its session; the vendor's own id where it has one"),
  turn: TurnId.nullable(),
  order: z
    .int()
    .min(1)
    .describe("Place in the session, from 1, given at the item's first appearance"),
  at: Instant,
  truncated: z.boolean().describe("Whether a text was cut to the limit"),
  body: ItemBody,
});
export type Item = z.infer<typeof Item>;
