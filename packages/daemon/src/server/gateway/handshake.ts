/**
 * The first frame of a socket, judged. Pure. Words, codes and close codes are those measured on gateway 2026.9.6
 * (protocol 4). Devices are not paired yet: a token lets an operator in without one, and a device that is presented
 * neither helps nor hinders.
 */
import {
  ConnectParams,
  GATEWAY_PROTOCOL,
  RequestFrame,
  Scope,
  allows,
  type GatewayError,
} from "@skein/contract";
import { issuesText } from "../problems.ts";

export type Handshake =
  | {
      readonly ok: true;
      readonly id: string;
      /** null: none came; what the upgrade brought decides. */
      readonly token: string | null;
      /** null: not said; all that the token has. */
      readonly scopes: readonly string[] | null;
      readonly client: string;
    }
  | {
      readonly ok: false;
      readonly id: string | null;
      readonly error: GatewayError;
      readonly close: number;
    };

type Failure = Handshake & { ok: false };

const POLICY = 1008;
const PROTOCOL_ERROR = 1002;
/** They run in a browser, which always tells an Origin. */
const BROWSER_CLIENTS: ReadonlySet<string> = new Set([
  "webchat-ui",
  "openclaw-control-ui",
  "openclaw-browser-copilot",
  "skein-web",
]);

const failure = (
  id: string | null,
  code: string,
  message: string,
  details?: Record<string, unknown>,
  close = POLICY,
): Failure => ({
  ok: false,
  id,
  error: { code, message, ...(details === undefined ? {} : { details }) },
  close,
});

const protocolMismatch = (id: string, params: ConnectParams): Failure =>
  failure(
    id,
    "INVALID_REQUEST",
    "protocol mismatch",
    {
      code: "PROTOCOL_MISMATCH",
      clientMinProtocol: params.minProtocol,
      clientMaxProtocol: params.maxProtocol,
      expectedProtocol: GATEWAY_PROTOCOL,
      minimumProbeProtocol: 3,
    },
    PROTOCOL_ERROR,
  );

export const deviceRequired = (id: string): Failure =>
  failure(id, "NOT_PAIRED", "device identity required", {
    code: "DEVICE_IDENTITY_REQUIRED",
    remedy: "Send a token in auth.token: `skein token create`.",
    recommendedNextStep: "update_auth_configuration",
  });

export const tokenMismatch = (id: string): Failure =>
  failure(
    id,
    "INVALID_REQUEST",
    "unauthorized: gateway token mismatch (create a token with `skein token create`)",
    {
      code: "AUTH_TOKEN_MISMATCH",
      authReason: "token_mismatch",
      canRetryWithDeviceToken: false,
      recommendedNextStep: "update_auth_credentials",
    },
  );

export const rateLimited = (id: string, retryAfterMs: number): Failure => {
  const made = failure(
    id,
    "UNAVAILABLE",
    "unauthorized: too many failed attempts from this address",
    {
      code: "AUTH_RATE_LIMITED",
      remedy: "Wait, or use the unix socket.",
      recommendedNextStep: "wait_then_retry",
    },
  );
  return {
    ...made,
    error: { ...made.error, retryable: true, retryAfterMs: Math.ceil(retryAfterMs) },
  };
};

const roleFailure = (id: string, params: ConnectParams): Failure | null => {
  if (params.role === "operator") return null;
  if (params.role !== "node" && params.role !== "worker") {
    return failure(id, "INVALID_REQUEST", "invalid role");
  }
  return params.device === undefined
    ? deviceRequired(id)
    : failure(id, "NOT_PAIRED", "pairing required", {
        code: "PAIRING_REQUIRED",
        reason: "not-paired",
        remedy: "This daemon pairs no devices yet.",
      });
};

/** Either field carries the secret; what only a paired device could have is wrong here, and counts as such. */
const secretOf = (auth: ConnectParams["auth"]): string | null =>
  auth?.token ?? auth?.password ?? auth?.deviceToken ?? auth?.bootstrapToken ?? null;

/** `value` is what the first message held. */
export const readHandshake = (value: unknown, hasOrigin: boolean): Handshake => {
  const frame = RequestFrame.safeParse(value);
  const claimed = (value as { id?: unknown } | null)?.id;
  if (!frame.success || frame.data.method !== "connect") {
    const id = typeof claimed === "string" && claimed.length <= 128 ? claimed : null;
    return failure(id, "INVALID_REQUEST", "invalid handshake: first request must be connect");
  }
  const { id, params: raw } = frame.data;
  const parsed = ConnectParams.safeParse(raw);
  if (!parsed.success) {
    return failure(id, "INVALID_REQUEST", `invalid connect params: ${issuesText(parsed.error)}`);
  }
  const params = parsed.data;
  if (params.minProtocol > GATEWAY_PROTOCOL || params.maxProtocol < GATEWAY_PROTOCOL) {
    return protocolMismatch(id, params);
  }
  const role = roleFailure(id, params);
  if (role !== null) return role;
  if (BROWSER_CLIENTS.has(params.client.id) && !hasOrigin) {
    return failure(id, "INVALID_REQUEST", "origin not allowed (origin missing or invalid)", {
      code: "CONTROL_UI_ORIGIN_NOT_ALLOWED",
      reason: "origin missing or invalid",
    });
  }
  const asked = Object.hasOwn(raw as object, "scopes") ? params.scopes : null;
  return { ok: true, id, token: secretOf(params.auth), scopes: asked, client: params.client.id };
};

/**
 * What a caller may do who asked for `asked` and was granted `granted`: never more than either. An asked scope that is
 * granted stays as it was asked; of a wider one remains what is granted of it. Unknown ones give nothing.
 */
export const narrowed = (
  asked: readonly string[] | null,
  granted: readonly Scope[],
): readonly Scope[] => {
  if (asked === null) return granted;
  const result = new Set<Scope>();
  for (const scope of asked) {
    const known = Scope.safeParse(scope);
    if (!known.success) continue;
    if (allows(granted, known.data)) {
      result.add(known.data);
      continue;
    }
    for (const part of Scope.options) {
      if (allows([known.data], part) && allows(granted, part)) result.add(part);
    }
  }
  return [...result];
};
