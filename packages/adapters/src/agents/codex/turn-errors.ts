/** Why a Codex turn failed, in the contract's kinds. Names and texts as Codex 0.169.0 gives them. */
import type { TurnError } from "@skein/contract";
import type { TurnError as CodexError } from "./generated/protocol.ts";

type Kind = TurnError["kind"];

const REMEDIES: Readonly<Record<Kind, string>> = {
  login:
    "Run `codex login` where the session runs (or set the key that its config.toml names), then send the prompt again.",
  limit: "Wait until the limit is lifted, or choose another model, then send the prompt again.",
  model: "Create the session with a model that `skein backends` lists.",
  api: "Send the prompt again; when it fails again, look at the vendor's status page and at config.toml.",
  silent: "Send the prompt again.",
  agent: "Resume the session and send the prompt again.",
  cut: "Send the prompt again.",
};

export const turnFailure = (kind: Kind, message: string): TurnError => ({
  kind,
  message,
  remedy: REMEDIES[kind],
});

/** The HTTP status in an error, wherever the vendor put it; null when there is none. */
export const statusOf = (error: CodexError): number | null => {
  const info: unknown = error.codexErrorInfo;
  if (typeof info !== "object" || info === null) return null;
  for (const detail of Object.values(info) as unknown[]) {
    const status = (detail as { httpStatusCode?: unknown } | null)?.httpStatusCode;
    if (typeof status === "number") return status;
  }
  return null;
};

export const isAuthFailure = (error: CodexError): boolean => {
  const status = statusOf(error);
  return status === 401 || status === 403 || error.codexErrorInfo === "unauthorized";
};

const NAMED: Readonly<Record<string, Kind>> = {
  unauthorized: "login",
  usageLimitExceeded: "limit",
  rateLimitExceeded: "limit",
  sessionBudgetExceeded: "limit",
  modelNotFound: "model",
};

const kindOf = (error: CodexError): Kind => {
  if (isAuthFailure(error)) return "login";
  const named = typeof error.codexErrorInfo === "string" ? NAMED[error.codexErrorInfo] : undefined;
  if (named !== undefined) return named;
  if (statusOf(error) === 429) return "limit";
  // A missing key and a broken stream both come as "other": only the text tells.
  if (error.message.startsWith("Missing environment variable")) return "login";
  if (/stream disconnected before completion/.test(error.message)) return "cut";
  return "api";
};

/** HTTP 400 comes as the whole body of the answer. */
const plainMessage = (text: string): string => {
  if (!text.startsWith("{")) return text;
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown } } | null;
    const message = body?.error?.message;
    return typeof message === "string" && message !== "" ? message : text;
  } catch {
    return text;
  }
};

const isTooLong = (error: CodexError): boolean => error.codexErrorInfo === "contextWindowExceeded";

export const turnErrorOf = (error: CodexError | null): TurnError => {
  if (error === null)
    return turnFailure("api", "Codex ended the turn as failed and gave no reason.");
  const failure = turnFailure(kindOf(error), plainMessage(error.message));
  if (!isTooLong(error)) return failure;
  return {
    ...failure,
    remedy: "Start a new session: this conversation no longer fits the model's context.",
  };
};
