/** Why a turn failed, from what Claude Code 2.1.197 says of it. */
import type { TurnError } from "@skein/contract";
import type { ResultLine } from "./wire.ts";

const remedies: Record<TurnError["kind"], string> = {
  login: "Log in with `claude` (/login), or set a valid ANTHROPIC_API_KEY, then send again.",
  limit: "Wait until the limit is lifted, or choose another model or account, then send again.",
  model: "Choose a model that `skein backends` lists for claude-code.",
  api: "Send again; if it persists, look at the status page of the API or of your gateway.",
  silent: "Send again.",
  agent: "Send again: the agent resumes the conversation.",
  cut: "Check the network between here and the API, then send again.",
};

export const turnError = (kind: TurnError["kind"], message: string): TurnError => ({
  kind,
  message,
  remedy: remedies[kind],
});

/** `error` of an assistant line or of system/api_retry. */
const words: Record<string, TurnError["kind"]> = {
  authentication_failed: "login",
  oauth_org_not_allowed: "login",
  billing_error: "limit",
  rate_limit: "limit",
  model_not_found: "model",
  overloaded: "api",
  server_error: "api",
};

export const isLoginFailure = (status: number | null, error: string): boolean =>
  status === 401 || status === 403 || words[error] === "login";

const ofStatus = (status: number | null): TurnError["kind"] | null => {
  if (status === 401 || status === 403) return "login";
  if (status === 402 || status === 429) return "limit";
  return null;
};

const limitSubtypes = ["error_max_budget_usd", "error_max_turns"];
const limitText = /\b(?:usage|rate|session|weekly) limit\b|hit your limit/i;
const loginText = /not logged in|please run \/login|invalid api key/i;

const kindOf = (result: ResultLine, fault: string | null, broke: boolean): TurnError["kind"] => {
  const word = fault === null ? undefined : words[fault];
  if (word !== undefined && word !== "api") return word;
  if (limitSubtypes.includes(result.subtype)) return "limit";
  const byStatus = ofStatus(result.apiStatus);
  if (byStatus !== null) return byStatus;
  if (loginText.test(result.text)) return "login";
  if (limitText.test(result.text)) return "limit";
  // No status: the answer never came whole.
  return broke && result.apiStatus === null ? "cut" : "api";
};

/** Gateways may leave out the tokens of a good answer, but then it has words and says why it ended. */
const isCutShort = ({ text, usage, numTurns, stopReason }: ResultLine): boolean =>
  numTurns > 0 &&
  usage.input + usage.output + usage.cacheRead === 0 &&
  (text === "" || stopReason === null);

/**
 * Never from `subtype`: it says `success` under an error. Null: it went well. A stream that was cut can end as a success with
 * no words and no tokens.
 */
export const failureOf = (
  result: ResultLine,
  fault: string | null,
  broke: boolean,
): TurnError | null => {
  if (result.isError) {
    const message = result.text || result.errors.join(" ") || `Claude Code said ${result.subtype}.`;
    return turnError(kindOf(result, fault, broke), message);
  }
  return isCutShort(result) ? turnError("cut", "The answer broke off before its end.") : null;
};
