/**
 * The words of Claude Code's TUI (2.1.197): what its hooks are told, what it writes into the transcript, and its status file. Pure.
 *
 * What was tried on 2.1.197, and the rest of this mode stands on:
 * - The hook UserPromptSubmit comes before the prompt's line in the transcript, which follows within 100 ms; both name the prompt by
 *   the same `prompt_id`/`promptId`. Lines of the answer do not name it.
 * - A turn that ends by itself ends with `system/turn_duration`; before it stands `system/stop_hook_summary`, unless the API failed.
 *   A turn that is interrupted ends with a user line `[Request interrupted by user...`; one that is interrupted before the first
 *   word leaves no mark at all, and its prompt stands in the input line again. Neither runs the hook Stop.
 * - Words typed during a turn are `queue-operation` enqueue; they join the turn at its next tool result (an attachment `queued_command`,
 *   without the hook UserPromptSubmit), or become a turn of their own with that hook.
 * - A held PermissionRequest hook leaves the dialog usable. Allowed at the dialog, the hook goes on and its answer is ignored;
 *   refused there, it gets SIGTERM and the turn is interrupted.
 * - A transcript is written from its first prompt on, a fork's with the whole history, and what comes just then overtakes it:
 *   such a line stands before the one that it names as its `parentUuid` (see order.ts). The chain of these is whole.
 * - The hook Stop is told the turn's last words before they stand in the transcript; `stop_hook_summary` follows all of them there.
 * - The hook of a fork that starts names the conversation it copies; from its first prompt on, its own.
 */
import {
  isObject,
  list,
  number,
  object,
  readLine,
  string,
  type Json,
  type Tokens,
  type WireLine,
} from "../wire.ts";

export type Hook =
  | {
      readonly hook: "start";
      readonly source: string;
      readonly model: string | null;
      readonly transcript: string | null;
      readonly sessionId: string | null;
    }
  | {
      readonly hook: "prompt";
      readonly promptId: string;
      readonly text: string;
      readonly transcript: string | null;
      readonly sessionId: string | null;
    }
  | {
      readonly hook: "permission";
      readonly promptId: string | null;
      readonly tool: string;
      readonly input: Json;
      readonly suggestions: readonly Json[];
    }
  /** `said`: the turn's last words; null: it is not told. */
  | { readonly hook: "stop"; readonly promptId: string | null; readonly said: string | null }
  | {
      readonly hook: "failure";
      readonly promptId: string | null;
      readonly said: string | null;
      readonly error: string;
    }
  | { readonly hook: "other" };

const parsed = (text: string): Json | null => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
};

const where = (told: Json) => ({
  transcript: string(told["transcript_path"]),
  sessionId: string(told["session_id"]),
});

/** Never throws. */
export const readHook = (event: string, payload: string): Hook => {
  const told = parsed(payload);
  if (told === null) return { hook: "other" };
  const promptId = string(told["prompt_id"]);
  const said = string(told["last_assistant_message"]);
  switch (event) {
    case "SessionStart": {
      const source = string(told["source"]) ?? "";
      return { hook: "start", source, model: string(told["model"]), ...where(told) };
    }
    case "UserPromptSubmit": {
      const text = string(told["prompt"]) ?? "";
      return promptId === null
        ? { hook: "other" }
        : { hook: "prompt", promptId, text, ...where(told) };
    }
    case "PermissionRequest": {
      const tool = string(told["tool_name"]);
      if (tool === null) return { hook: "other" };
      const suggestions = list(told["permission_suggestions"]).filter(isObject);
      const input = object(told["tool_input"]);
      return { hook: "permission", promptId, tool, input, suggestions };
    }
    case "Stop":
      return { hook: "stop", promptId, said };
    case "StopFailure":
      return { hook: "failure", promptId, said, error: string(told["error"]) ?? "unknown" };
    default:
      return { hook: "other" };
  }
};

type MessageLine = Extract<WireLine, { type: "assistant" }>;
type ResultLine = Extract<WireLine, { type: "user" }>;

export type TranscriptLine =
  | {
      readonly line: "assistant";
      readonly said: MessageLine;
      readonly tokens: Tokens;
      readonly stopReason: string | null;
      /** The API refused, and this says so. */
      readonly failed: boolean;
      readonly apiStatus: number | null;
    }
  | { readonly line: "results"; readonly results: ResultLine }
  /** `at`: by the host's clock, milliseconds since the epoch; null: it is not told. */
  | { readonly line: "prompt"; readonly promptId: string; readonly at: number | null }
  | { readonly line: "interrupted"; readonly promptId: string | null }
  | { readonly line: "joined"; readonly id: string; readonly text: string }
  | { readonly line: "queued"; readonly text: string }
  /** Nothing that was said before the hook Stop is still to come. */
  | { readonly line: "all-said" }
  | { readonly line: "turn-end" }
  | { readonly line: "compacted" }
  | { readonly line: "other" }
  | { readonly line: "garbage" };

const interruptMark = /^\[Request interrupted by user/;

const tokensOf = (message: Json): Tokens => {
  const usage = object(message["usage"]);
  return {
    input: number(usage["input_tokens"]),
    output: number(usage["output_tokens"]),
    cacheRead: number(usage["cache_read_input_tokens"]),
    cacheWrite: number(usage["cache_creation_input_tokens"]),
  };
};

const readAssistant = (line: Json, text: string): TranscriptLine => {
  const said = readLine(text);
  if (said.type !== "assistant") return { line: "other" };
  const message = object(line["message"]);
  const status = line["apiErrorStatus"];
  return {
    line: "assistant",
    said,
    tokens: tokensOf(message),
    stopReason: string(message["stop_reason"]),
    failed: line["isApiErrorMessage"] === true,
    apiStatus: typeof status === "number" ? status : null,
  };
};

const timeOf = (line: Json): number | null => {
  const at = Date.parse(string(line["timestamp"]) ?? "");
  return Number.isNaN(at) ? null : at;
};

/** Of the user's lines only a prompt of a person names itself; what the CLI adds (a summary, the output of a command) does not count. */
const readUser = (line: Json): TranscriptLine => {
  const promptId = string(line["promptId"]);
  // The names that stream-json has for the same.
  const same = { ...line, tool_use_result: line["toolUseResult"] };
  const results = readLine(JSON.stringify(same));
  if (results.type !== "user") return { line: "other" };
  if (results.blocks.some((block) => block.type === "tool_result"))
    return { line: "results", results };
  const [first] = results.blocks;
  const text = first?.type === "text" ? first.text : "";
  if (interruptMark.test(text)) return { line: "interrupted", promptId };
  return promptId === null || line["isMeta"] === true
    ? { line: "other" }
    : { line: "prompt", promptId, at: timeOf(line) };
};

const readSystem = (line: Json): TranscriptLine => {
  if (line["subtype"] === "turn_duration") return { line: "turn-end" };
  if (line["subtype"] === "stop_hook_summary") return { line: "all-said" };
  return line["subtype"] === "compact_boundary" ? { line: "compacted" } : { line: "other" };
};

const readAttachment = (line: Json): TranscriptLine => {
  const attachment = object(line["attachment"]);
  const [id, text] = [string(line["uuid"]), string(attachment["prompt"])];
  const isPrompt =
    attachment["type"] === "queued_command" && attachment["commandMode"] === "prompt";
  return isPrompt && id !== null && text !== null
    ? { line: "joined", id, text }
    : { line: "other" };
};

const readKnown = (line: Json, text: string): TranscriptLine => {
  if (line["isSidechain"] === true) return { line: "other" };
  switch (line["type"]) {
    case "assistant":
      return readAssistant(line, text);
    case "user":
      return readUser(line);
    case "system":
      return readSystem(line);
    case "attachment":
      return readAttachment(line);
    case "queue-operation": {
      const words = string(line["content"]);
      return line["operation"] === "enqueue" && words !== null
        ? { line: "queued", text: words }
        : { line: "other" };
    }
    default:
      return { line: "other" };
  }
};

/** A line, and its place in the chain; null: it has none. */
export type Placed = {
  readonly line: TranscriptLine;
  readonly text: string;
  readonly uuid: string | null;
  readonly parent: string | null;
};

/** One line of the transcript. Never throws. Lines of a side conversation are nobody's. */
export const readPlaced = (text: string): Placed => {
  const line = parsed(text);
  if (line === null) return { line: { line: "garbage" }, text, uuid: null, parent: null };
  const [uuid, parent] = [string(line["uuid"]), string(line["parentUuid"])];
  return { line: readKnown(line, text), text, uuid, parent };
};

export const readTranscriptLine = (text: string): TranscriptLine => readPlaced(text).line;

/** `sessions/<pid>.json`. `since`: by the host's clock. */
export type Status = {
  readonly state: "idle" | "busy" | "waiting";
  readonly waitingFor: string | null;
  readonly since: number;
};

export const readStatus = (text: string): Status | null => {
  const told = parsed(text);
  const state = told?.["status"];
  if (state !== "idle" && state !== "busy" && state !== "waiting") return null;
  return {
    state,
    waitingFor: string(told?.["waitingFor"]),
    since: number(told?.["statusUpdatedAt"]),
  };
};
