/** The daemon itself. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { Instant, Position } from "./primitives.ts";

export const SystemStatus = z.object({
  version: z.string(),
  pid: z.int(),
  address: z.string().nullable().describe("http://127.0.0.1:PORT"),
  socket: z.string().describe("Path of the unix socket"),
  home: z.string(),
  startedAt: Instant,
  position: Position.describe("Head of the log"),
  sessions: z.record(z.string(), z.int()).describe("Live sessions by state"),
  openApprovals: z.int(),
  watchers: z.int(),
  memoryBytes: z.int(),
  health: z.array(z.object({ part: z.string(), ok: z.boolean(), detail: z.string() })),
});
export type SystemStatus = z.infer<typeof SystemStatus>;

export const systemOperations = {
  "system.status": operation({
    name: "system.status",
    summary: "What the daemon is, where it listens, how it fares",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/status" },
    input: z.strictObject({}),
    output: SystemStatus,
    errors: [],
    tool: true,
    example: {},
  }),
  "system.stop": operation({
    name: "system.stop",
    summary: "Stop the daemon in good order; agents go on",
    kind: "write",
    scope: "operator.admin",
    http: { method: "POST", path: "/api/stop" },
    input: z.strictObject({}),
    output: z.object({ stopping: z.literal(true) }),
    errors: [],
    tool: false,
    example: {},
  }),
  "system.loginLink": operation({
    name: "system.loginLink",
    summary: "A one-time link that logs a browser in; good for 60 seconds and one use",
    kind: "write",
    scope: "operator.admin",
    http: { method: "POST", path: "/api/login-link" },
    input: z.strictObject({}),
    output: z.object({ url: z.string(), expiresAt: Instant }),
    errors: [],
    tool: false,
    example: {},
  }),
};
