/**
 * ACP, protocol version 1: JSON-RPC 2.0, one message a line. Read so that whatever an agent writes becomes one of five
 * things; a field that is not what it should be counts as not there.
 */
export type Json = Readonly<Record<string, unknown>>;

/** As the agent chose it; 0 is one too. */
export type RequestId = string | number;

export type WireLine =
  | { readonly type: "result"; readonly id: RequestId; readonly result: Json }
  | { readonly type: "error"; readonly id: RequestId; readonly error: WireError }
  | {
      readonly type: "request";
      readonly id: RequestId;
      readonly method: string;
      readonly params: Json;
    }
  | { readonly type: "notification"; readonly method: string; readonly params: Json }
  | { readonly type: "garbage" }
  /** Longer than LIMITS.wireLineBytes. */
  | { readonly type: "cut" };

export type WireError = { readonly code: number; readonly message: string; readonly data: Json };

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const object = (value: unknown): Json => (isObject(value) ? value : {});
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const string = (value: unknown): string | null => (typeof value === "string" ? value : null);
export const number = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

const isId = (value: unknown): value is RequestId =>
  typeof value === "string" || typeof value === "number";

const errorOf = (value: unknown): WireError => {
  const error = object(value);
  const data = error["data"];
  return {
    code: number(error["code"]) ?? 0,
    message: string(error["message"]) ?? "no reason given",
    data: isObject(data) ? data : { details: data },
  };
};

export const readLine = (text: string): WireLine => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { type: "garbage" };
  }
  if (!isObject(value)) return { type: "garbage" };
  const { id } = value;
  const method = string(value["method"]);
  const params = object(value["params"]);
  if (method !== null)
    return isId(id)
      ? { type: "request", id, method, params }
      : { type: "notification", method, params };
  if (!isId(id)) return { type: "garbage" };
  if (value["error"] !== undefined) return { type: "error", id, error: errorOf(value["error"]) };
  if (!("result" in value)) return { type: "garbage" };
  return { type: "result", id, result: object(value["result"]) };
};

export const requestFrame = (id: string, method: string, params: Json): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });

const notificationFrame = (method: string, params: Json): string =>
  JSON.stringify({ jsonrpc: "2.0", method, params });

const resultFrame = (id: RequestId, result: Json): string =>
  JSON.stringify({ jsonrpc: "2.0", id, result });

export const refusalFrame = (id: RequestId, method: string): string =>
  JSON.stringify({
    jsonrpc: "2.0",
    id,
    error: { code: -32601, message: `Method not found: ${method}` },
  });

/** null: none of those that were offered. */
export const permissionFrame = (id: RequestId, optionId: string | null): string =>
  resultFrame(id, {
    outcome: optionId === null ? { outcome: "cancelled" } : { outcome: "selected", optionId },
  });

export const turnRequest = (turn: string): string => `skein-turn-${turn}`;

/** Of whichever turn. */
export const isTurnRequest = (id: RequestId): boolean =>
  typeof id === "string" && id.startsWith(turnRequest(""));

export const promptFrame = (session: string, turn: string, text: string): string =>
  requestFrame(turnRequest(turn), "session/prompt", {
    sessionId: session,
    prompt: [{ type: "text", text }],
  });

export const cancelFrame = (session: string): string =>
  notificationFrame("session/cancel", { sessionId: session });
