/** What runs an agent: claude-code, codex; later acp:<id>, assistant, terminal. */
import { z } from "zod";
import { HostName, LOCAL_HOST } from "./host-name.ts";
import { operation } from "./operation.ts";
import { Instant } from "./primitives.ts";

export const BackendId = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]*(?::[a-z0-9-]+)?$/,
    "use an agent's id, such as claude-code, codex or acp:gemini",
  )
  .max(64);

/**
 * One vocabulary for all backends. read-only: looks, changes nothing. guarded: asks before it changes or runs.
 * workspace: edits in its folder without asking, asks for the rest. full: never asks.
 */
export const PermissionMode = z.enum(["read-only", "guarded", "workspace", "full"]);
export type PermissionMode = z.infer<typeof PermissionMode>;

export const Model = z.object({
  id: z.string(),
  title: z.string(),
  isDefault: z.boolean(),
  efforts: z.array(z.string()).describe("Effort levels it takes; empty when it takes none"),
  defaultEffort: z.string().nullable(),
});
export type Model = z.infer<typeof Model>;

/** What a driver can do beyond the common ground. A missing capability is declared here, never discovered by a failure. */
export const Capabilities = z.object({
  steer: z.boolean(),
  fork: z.boolean(),
  resume: z.boolean(),
  questions: z.boolean(),
});
export type Capabilities = z.infer<typeof Capabilities>;

export const Backend = z.object({
  id: BackendId,
  host: HostName,
  title: z.string(),
  found: z.boolean(),
  command: z.string().nullable().describe("The program that runs; null when none was found"),
  version: z.string().nullable(),
  login: z.enum(["logged-in", "api-key", "logged-out", "unknown"]),
  loginDetail: z.string().nullable(),
  models: z.array(Model),
  modelsSource: z
    .enum(["asked", "known-list"])
    .describe("asked: the CLI told. known-list: a stand-in, because the CLI could not be asked"),
  capabilities: Capabilities,
  interfaces: z
    .array(z.enum(["protocol", "tui"]))
    .describe("How its sessions can be held; the first is the default"),
  takesProgram: z
    .boolean()
    .optional()
    .describe("Its sessions name the program that runs in them; default: it runs its own"),
  remedy: z.string().nullable().describe("What to do when it is not usable; null when it is"),
  checkedAt: Instant,
});
export type Backend = z.infer<typeof Backend>;

const onHost = z.strictObject({ host: HostName.default(LOCAL_HOST) });
const list = z.object({ backends: z.array(Backend) });

export const backendOperations = {
  "backends.list": operation({
    name: "backends.list",
    summary: "The agents that this daemon can run, with version, login state and models",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/backends" },
    input: onHost,
    output: list,
    errors: ["host_unknown", "host_unreachable"],
    tool: true,
    example: {},
  }),
  "backends.refresh": operation({
    name: "backends.refresh",
    summary: "Ask every agent again for its version, login state and models",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/backends/refresh" },
    input: onHost,
    output: list,
    errors: ["host_unknown", "host_unreachable"],
    tool: false,
    example: {},
  }),
};
