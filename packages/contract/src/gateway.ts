/**
 * The socket's frames and handshake: OpenClaw gateway protocol 4 (schema of 2026.9.1, behaviour of gateway 2026.9.6).
 * The server opens with `connect.challenge`, the client's first frame is a `connect` request, the answer is `hello-ok`.
 * After that a request's `method` is the name of an operation of the contract.
 */
import { z } from "zod";

export const GATEWAY_PROTOCOL = 4;

export const RequestFrame = z.strictObject({
  type: z.literal("req"),
  id: z.string().min(1).max(128),
  method: z.string().min(1).max(128),
  params: z.unknown().optional(),
  traceparent: z.string().max(128).optional(),
  expectedProfileId: z.string().max(128).optional(),
});
export type RequestFrame = z.infer<typeof RequestFrame>;

export const GatewayError = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
  retryable: z.boolean().optional(),
  retryAfterMs: z.int().optional(),
});
export type GatewayError = z.infer<typeof GatewayError>;

export const ResponseFrame = z.object({
  type: z.literal("res"),
  id: z.string(),
  ok: z.boolean(),
  payload: z.unknown().optional(),
  error: GatewayError.optional(),
});
export type ResponseFrame = z.infer<typeof ResponseFrame>;

export const EventFrame = z.object({
  type: z.literal("event"),
  event: z.string(),
  payload: z.unknown().optional(),
  seq: z.int().optional(),
  stateVersion: z.object({ presence: z.int(), health: z.int() }).optional(),
});
export type EventFrame = z.infer<typeof EventFrame>;

/** Client ids that OpenClaw's own clients use; ours is `skein-cli`, `skein-client` or `skein-web`. */
export const gatewayClientIds = [
  "webchat-ui",
  "openclaw-control-ui",
  "openclaw-browser-copilot",
  "openclaw-tui",
  "webchat",
  "cli",
  "gateway-client",
  "openclaw-macos",
  "openclaw-linux",
  "openclaw-ios",
  "openclaw-watchos",
  "openclaw-android",
  "node-host",
  "openclaw-worker",
  "test",
  "fingerprint",
  "openclaw-probe",
  "skein-cli",
  "skein-client",
  "skein-web",
] as const;

export const ConnectParams = z.strictObject({
  minProtocol: z.int().min(1),
  maxProtocol: z.int().min(1),
  client: z.strictObject({
    id: z.enum(gatewayClientIds),
    displayName: z.string().max(128).optional(),
    version: z.string().max(64),
    buildId: z.string().max(128).optional(),
    platform: z.string().max(64),
    deviceFamily: z.string().max(64).optional(),
    modelIdentifier: z.string().max(128).optional(),
    timeZone: z.string().max(64).optional(),
    mode: z.enum(["webchat", "cli", "ui", "backend", "node", "worker", "probe", "test"]),
    instanceId: z.string().max(128).optional(),
  }),
  caps: z.array(z.string().max(64)).max(64).default([]),
  commands: z.unknown().optional(),
  permissions: z.unknown().optional(),
  pathEnv: z.unknown().optional(),
  computerUse: z.unknown().optional(),
  workerRuns: z.unknown().optional(),
  role: z.string().max(32).default("operator"),
  scopes: z.array(z.string().max(64)).max(64).default([]),
  device: z
    .strictObject({
      id: z.string(),
      publicKey: z.string(),
      signature: z.string(),
      signedAt: z.number(),
      nonce: z.string(),
    })
    .optional(),
  auth: z
    .strictObject({
      token: z.string().optional(),
      bootstrapToken: z.string().optional(),
      deviceToken: z.string().optional(),
      password: z.string().optional(),
      approvalRuntimeToken: z.string().optional(),
      agentRuntimeIdentityToken: z.string().optional(),
    })
    .optional(),
  locale: z.string().max(64).optional(),
  userAgent: z.string().max(512).optional(),
});
export type ConnectParams = z.infer<typeof ConnectParams>;

export const HelloOk = z.object({
  type: z.literal("hello-ok"),
  protocol: z.literal(GATEWAY_PROTOCOL),
  server: z.object({ version: z.string(), connId: z.string() }),
  features: z.object({ methods: z.array(z.string()), events: z.array(z.string()) }),
  snapshot: z.object({
    presence: z.array(z.unknown()),
    health: z.record(z.string(), z.unknown()),
    stateVersion: z.object({ presence: z.int(), health: z.int() }),
    uptimeMs: z.int(),
  }),
  auth: z.object({
    role: z.literal("operator"),
    scopes: z.array(z.string()),
    method: z.literal("token").optional(),
  }),
  policy: z.object({ maxPayload: z.int(), maxBufferedBytes: z.int(), tickIntervalMs: z.int() }),
});
export type HelloOk = z.infer<typeof HelloOk>;

/** The event that carries a watch's frames on the socket: payload `{watch, ...WatchFrame}`. `events.watch` answers `{watch}`. */
export const WATCH_EVENT = "skein.watch";
