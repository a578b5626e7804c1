/** Conversations that were begun outside Skein, with the agents' own programs: looked at where they lie, or taken over. */
import { z } from "zod";
import { BackendId, PermissionMode } from "./backend.ts";
import { HostName, LOCAL_HOST } from "./host-name.ts";
import { ItemBody } from "./item.ts";
import { operation } from "./operation.ts";
import { ClientId, Instant, SessionId, SessionName } from "./primitives.ts";
import { Session } from "./session.ts";

export const Conversation = z.object({
  backend: BackendId,
  host: HostName,
  id: z.string().describe("The vendor's own id"),
  folder: z.string(),
  title: z.string().nullable(),
  startedAt: Instant.nullable(),
  activeAt: Instant.describe("When it was last written to, by the host's clock"),
  held: z
    .enum(["yes", "no", "unknown"])
    .describe("Whether a program has it open now; unknown: that cannot be told there"),
  session: SessionId.nullable().describe("The session that it belongs to, when it is Skein's"),
  sessionName: SessionName.nullable(),
  deleted: z
    .boolean()
    .describe(
      "That session was deleted, and its conversation left where it lies: it can be adopted",
    ),
});
export type Conversation = z.infer<typeof Conversation>;

const where = { host: HostName.default(LOCAL_HOST) };
const which = {
  ...where,
  backend: BackendId.default("claude-code"),
  conversation: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, "use an id that `skein outside` lists")
    .describe("The vendor's own id, as outside.list tells it"),
};
const example = { conversation: "9c61e4e1-4dee-48d1-b4f7-bf8f8775b013" };

export const outsideOperations = {
  "outside.list": operation({
    name: "outside.list",
    summary: "Conversations on a host that were begun outside Skein, newest first",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/outside" },
    input: z.strictObject({
      ...where,
      backend: BackendId.optional(),
      folder: z.string().max(4_096).optional().describe("Only those of this folder"),
      all: z
        .boolean()
        .default(false)
        .describe("Also those that Skein's sessions have, or had until they were deleted"),
    }),
    output: z.object({ conversations: z.array(Conversation) }),
    errors: ["backend_unknown", "host_unknown", "host_unreachable"],
    tool: true,
    example: {},
  }),
  "outside.read": operation({
    name: "outside.read",
    summary: "What was said in such a conversation, from a place on; nothing is written or started",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/outside/{conversation}" },
    input: z.strictObject({
      ...which,
      from: z.int().min(0).default(0).describe("What the last answer gave as `next`"),
    }),
    output: z.object({
      items: z
        .array(z.object({ id: z.string(), at: Instant.nullable(), body: ItemBody }))
        .describe("Upserted by id: one that was still running may come again"),
      next: z.int(),
      more: z.boolean().describe("There is more already; else look again later"),
    }),
    errors: ["conversation_not_found", "backend_unknown", "host_unknown", "host_unreachable"],
    tool: true,
    example,
  }),
  "outside.adopt": operation({
    name: "outside.adopt",
    summary:
      "Take such a conversation over: a session that goes on with it. Refused while a program has it open: nobody else may write to it",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/outside/{conversation}/adopt" },
    input: z.strictObject({
      ...which,
      name: SessionName.optional(),
      permissions: PermissionMode.default("guarded"),
      force: z
        .boolean()
        .default(false)
        .describe("Also where it cannot be told whether a program has it open"),
      clientId: ClientId.optional(),
    }),
    output: z.object({ session: Session }),
    errors: [
      "conversation_not_found",
      "conversation_held",
      "backend_unknown",
      "backend_not_installed",
      "backend_not_logged_in",
      "host_unknown",
      "host_unreachable",
      "folder_not_found",
      "folder_not_directory",
      "name_taken",
    ],
    tool: true,
    example,
  }),
};
