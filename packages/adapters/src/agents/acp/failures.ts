/** Why a turn failed, from the error that an ACP agent answers its prompt with. */
import type { TurnError } from "@skein/contract";
import type { AcpAgent } from "./agents.ts";
import { wholeMessage } from "./handshake.ts";
import { number, object, string, type Json, type WireError } from "./wire.ts";

type Kind = TurnError["kind"];

const remedyOf = (agent: AcpAgent, kind: Kind): string => {
  const remedies: Record<Kind, string> = {
    login: agent.login,
    limit: "Wait until the limit is lifted, or choose another model or account, then send again.",
    model: `Choose a model that \`skein backends\` lists for ${agent.id}.`,
    api: "Send again; if it persists, look at the status page of the API or of your gateway.",
    silent: "Send again.",
    agent: "Send again: the agent resumes the conversation.",
    cut: "Check the network between here and the API, then send again.",
  };
  return remedies[kind];
};

export const turnError = (agent: AcpAgent, kind: Kind, message: string): TurnError => ({
  kind,
  message,
  remedy: remedyOf(agent, kind),
});

/** `data.errorKind` of claude-agent-acp 0.49.0, and the categories of codex-acp 2.6.0 that say enough. */
const words: Record<string, Kind> = {
  authentication_failed: "login",
  oauth_org_not_allowed: "login",
  billing_error: "limit",
  rate_limit: "limit",
  model_not_found: "model",
  access: "login",
  limit: "limit",
};

const ofStatus = (status: number | null): Kind | null => {
  if (status === 401 || status === 403) return "login";
  if (status === 402 || status === 429) return "limit";
  return null;
};

/** JSON-RPC's own, and ACP's for a login that is missing. */
const authRequired = -32000;

const patterns: ReadonlyArray<readonly [RegExp, Kind]> = [
  [/\b(?:401|403)\b|unauthori[sz]ed|authenticat|api key|not logged in|log ?in required/i, "login"],
  [/\b429\b|rate.?limit|quota|too many requests|resource_exhausted|usage limit/i, "limit"],
  [/model.{0,40}not (?:found|exist|supported)|unknown model|model_not_found/i, "model"],
  [/issue with the selected model/i, "model"],
  [
    /\bterminated\b|econnreset|socket hang up|premature close|stream.{0,30}(?:disconnect|end)/i,
    "cut",
  ],
  [/fetch failed|econnrefused|connection error|network/i, "cut"],
];

const kindOf = ({ code, message, data }: WireError): Kind => {
  const word = words[string(data["errorKind"]) ?? ""];
  if (word !== undefined) return word;
  if (code === authRequired) return "login";
  const byStatus = ofStatus(code) ?? ofStatus(number(data["status"]));
  if (byStatus !== null) return byStatus;
  const text = wholeMessage({ code, message, data });
  return patterns.find(([pattern]) => pattern.test(text))?.[1] ?? "api";
};

/** Some put the API's whole answer into their sentence. */
const sentence = (message: string): string => {
  const text = message.replace(/^Internal error: /, "");
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown } };
    return typeof body.error?.message === "string" ? body.error.message : text;
  } catch {
    return text;
  }
};

export const failureOf = (agent: AcpAgent, error: WireError): TurnError => {
  return turnError(
    agent,
    kindOf(error),
    wholeMessage({ ...error, message: sentence(error.message) }),
  );
};

/** codex-acp 2.6.0 ends a turn that failed as one that went well, and says beside it why not. null: it says nothing. */
export const failureBeside = (agent: AcpAgent, result: Json): TurnError | null => {
  const { air } = object(object(result["_meta"])["jetbrains"]);
  const failure = object(object(air)["sessionFailure"]);
  const message = string(failure["title"]);
  if (message === null || failure["severity"] !== "error") return null;
  return failureOf(agent, { code: 0, message, data: { errorKind: failure["category"] } });
};

/** null: it went well. */
export const stopFailure = (agent: AcpAgent, reason: string): TurnError | null => {
  switch (reason) {
    case "refusal":
      return turnError(agent, "api", "The agent refused to go on with this conversation.");
    case "max_tokens":
      return turnError(agent, "api", "The answer reached the model's limit of tokens.");
    case "max_turn_requests":
      return turnError(agent, "agent", "The agent reached its own limit of requests in a turn.");
    default:
      return null;
  }
};
