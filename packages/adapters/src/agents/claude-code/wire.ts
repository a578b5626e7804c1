/**
 * The words of Claude Code 2.1.197: `claude -p` with stream-json both ways and the control protocol on stdio. Pure.
 *
 * Guards instead of schemas: the CLI changes weekly, so a message that is not known, or lacks a field, must become
 * nothing or less, never a failure. What is read here was seen on the wire of the real CLI (see recordings/).
 *
 * What was tried on 2.1.197, and the rest of the driver stands on:
 * - A user line whose `uuid` was seen before, in this process or in the transcript it resumed, is not run again: it is only
 *   echoed, at once. So a prompt may be given again after a crash of the daemon; but a uuid must not outlive its
 *   process, or a resumed one would echo the prompt and do nothing.
 * - With --replay-user-messages our user line comes back (`isReplay`, our uuid) before the result of its turn, but late: with
 *   the first whole block of the answer. The turn begins with `system/init`, which names no prompt; that is the receipt.
 *   Slash commands (`/compact`) are never echoed: init, one synthetic message, a result with `num_turns` 0.
 * - A finished background command starts a turn of the agent's own: task_notification, init, ..., result, with no echo.
 * - A user line during a turn joins it at the next tool boundary (priority absent or `next`); with `later`, or when no tool runs
 *   any more, it becomes a turn of its own with its own result. It is not dropped by an interrupt.
 * - An answer to a control request that is unknown or already answered is ignored without a word. Ours are echoed on stdout.
 * - `updatedInput` is mandatory with `allow`; without it the tool fails with a ZodError, shown to the model.
 * - Empty lines on stdin are harmless; one line that is no JSON ends the process with exit code 1.
 * - `usage` of a result is that of its turn without subagents; `modelUsage` and `total_cost_usd` grow over the process with all of
 *   it, and start from zero after --resume and --fork-session.
 * - A response that ends before its end is a success: empty, or with the words so far, `stop_reason` null, and no tokens in `usage`.
 * - `/clear` goes on under a new session_id, which the next lines carry.
 * - Commands run in sessions of their own: neither SIGTERM nor SIGKILL to the agent's group reaches them, and an interrupt leaves
 *   one alive that ignores SIGTERM.
 * - The transcript is written about 100 ms after init. Before, --resume says `No conversation found with session ID`;
 *   after, --session-id says `Session ID ... is already in use.`; both on stderr, exit code 1.
 */
export type Json = Readonly<Record<string, unknown>>;

export type Block =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "thinking"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: Json }
  | {
      readonly type: "tool_result";
      readonly id: string;
      readonly text: string;
      readonly isError: boolean;
    };

export type StreamEvent =
  | { readonly type: "message_start"; readonly message: string }
  | { readonly type: "block_start"; readonly index: number }
  | {
      readonly type: "delta";
      readonly index: number;
      readonly kind: "message" | "reasoning";
      readonly text: string;
    }
  | { readonly type: "message_stop" };

export type Tokens = {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
};

export type ResultLine = {
  readonly type: "result";
  readonly subtype: string;
  readonly isError: boolean;
  readonly apiStatus: number | null;
  readonly text: string;
  readonly errors: readonly string[];
  readonly terminalReason: string | null;
  /** Why the model stopped; null: it was never said. */
  readonly stopReason: string | null;
  /** 0: a slash command, no model was asked. */
  readonly numTurns: number;
  readonly usage: Tokens;
  /** Of the whole process so far; null when the CLI does not tell. */
  readonly totals: Tokens | null;
  readonly totalCostUsd: number | null;
  readonly sessionId: string | null;
};

export type AskLine = {
  readonly type: "ask";
  readonly request: string;
  readonly tool: string;
  readonly input: Json;
  readonly toolUse: string | null;
  readonly description: string | null;
  readonly reason: string | null;
  readonly suggestions: readonly Json[];
};

/** `parent`: the tool call of the subagent that speaks; null when it is the agent itself. */
export type WireLine =
  | { readonly type: "init"; readonly sessionId: string | null; readonly model: string | null }
  | {
      readonly type: "retry";
      readonly attempt: number;
      readonly of: number;
      readonly status: number | null;
      readonly error: string;
    }
  | { readonly type: "task-notification" }
  | { readonly type: "stream"; readonly parent: string | null; readonly event: StreamEvent }
  | {
      readonly type: "assistant";
      readonly parent: string | null;
      readonly message: string;
      readonly model: string | null;
      readonly error: string | null;
      readonly sessionId: string | null;
      readonly blocks: readonly Block[];
    }
  | {
      readonly type: "user";
      readonly parent: string | null;
      readonly uuid: string | null;
      readonly isReplay: boolean;
      readonly blocks: readonly Block[];
      /** The tool's own account of a single result; null when there is none. */
      readonly toolResult: Json | null;
    }
  | ResultLine
  | AskLine
  | { readonly type: "cancel"; readonly request: string }
  | {
      readonly type: "response";
      readonly request: string;
      readonly error: string | null;
      readonly body: Json;
    }
  | { readonly type: "other" }
  | { readonly type: "garbage" };

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const object = (value: unknown): Json => (isObject(value) ? value : {});
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const string = (value: unknown): string | null => (typeof value === "string" ? value : null);
export const number = (value: unknown): number => (typeof value === "number" ? value : 0);
const status = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** Text of a tool result: a string, or blocks of which only text is told; others are named. */
const contentText = (content: unknown): string => {
  if (typeof content === "string") return content;
  const parts = list(content).map((part) => {
    const { type, text } = object(part);
    return typeof text === "string" ? text : `[${string(type) ?? "content"}]`;
  });
  return parts.join("\n");
};

const readBlock = (value: unknown): readonly Block[] => {
  const block = object(value);
  switch (block["type"]) {
    case "text":
      return [{ type: "text", text: string(block["text"]) ?? "" }];
    case "thinking":
      return [{ type: "thinking", text: string(block["thinking"]) ?? "" }];
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use": {
      const [id, name] = [string(block["id"]), string(block["name"])];
      if (id === null || name === null) return [];
      return [{ type: "tool_use", id, name, input: object(block["input"]) }];
    }
    case "tool_result": {
      const id = string(block["tool_use_id"]);
      if (id === null) return [];
      const isError = block["is_error"] === true;
      return [{ type: "tool_result", id, text: contentText(block["content"]), isError }];
    }
    default:
      return [];
  }
};

const readBlocks = (message: Json): readonly Block[] => {
  const content = message["content"];
  return typeof content === "string"
    ? [{ type: "text", text: content }]
    : list(content).flatMap(readBlock);
};

const readStream = (event: Json): StreamEvent | null => {
  const index = number(event["index"]);
  switch (event["type"]) {
    case "message_start": {
      const message = string(object(event["message"])["id"]);
      return message === null ? null : { type: "message_start", message };
    }
    case "content_block_start":
      return { type: "block_start", index };
    case "content_block_delta": {
      const delta = object(event["delta"]);
      const text = string(delta["text"]);
      if (text !== null) return { type: "delta", index, kind: "message", text };
      const thinking = string(delta["thinking"]);
      return thinking === null ? null : { type: "delta", index, kind: "reasoning", text: thinking };
    }
    case "message_stop":
      return { type: "message_stop" };
    default:
      return null;
  }
};

const readTotals = (modelUsage: unknown): Tokens | null => {
  if (!isObject(modelUsage)) return null;
  const models = Object.values(modelUsage).map(object);
  const sum = (name: string): number => models.reduce((total, one) => total + number(one[name]), 0);
  return {
    input: sum("inputTokens"),
    output: sum("outputTokens"),
    cacheRead: sum("cacheReadInputTokens"),
    cacheWrite: sum("cacheCreationInputTokens"),
  };
};

const readResult = (line: Json): ResultLine => {
  const usage = object(line["usage"]);
  const cost = line["total_cost_usd"];
  return {
    type: "result",
    subtype: string(line["subtype"]) ?? "",
    isError: line["is_error"] === true,
    apiStatus: status(line["api_error_status"]),
    text: string(line["result"]) ?? "",
    errors: list(line["errors"]).filter((one) => typeof one === "string"),
    terminalReason: string(line["terminal_reason"]),
    stopReason: string(line["stop_reason"]),
    numTurns: number(line["num_turns"]),
    usage: {
      input: number(usage["input_tokens"]),
      output: number(usage["output_tokens"]),
      cacheRead: number(usage["cache_read_input_tokens"]),
      cacheWrite: number(usage["cache_creation_input_tokens"]),
    },
    totals: readTotals(line["modelUsage"]),
    totalCostUsd: typeof cost === "number" ? cost : null,
    sessionId: string(line["session_id"]),
  };
};

const readSystem = (line: Json): WireLine => {
  switch (line["subtype"]) {
    case "init":
      return { type: "init", sessionId: string(line["session_id"]), model: string(line["model"]) };
    case "api_retry":
      return {
        type: "retry",
        attempt: number(line["attempt"]),
        of: number(line["max_retries"]),
        status: status(line["error_status"]),
        error: string(line["error"]) ?? "unknown",
      };
    case "task_notification":
      return { type: "task-notification" };
    default:
      return { type: "other" };
  }
};

const readControl = (line: Json): WireLine => {
  const request = object(line["request"]);
  const id = string(line["request_id"]);
  const tool = string(request["tool_name"]);
  if (request["subtype"] !== "can_use_tool" || id === null || tool === null)
    return { type: "other" };
  return {
    type: "ask",
    request: id,
    tool,
    input: object(request["input"]),
    toolUse: string(request["tool_use_id"]),
    description: string(request["description"]),
    reason: string(request["decision_reason"]),
    suggestions: list(request["permission_suggestions"]).filter(isObject),
  };
};

const readResponse = (line: Json): WireLine => {
  const response = object(line["response"]);
  const request = string(response["request_id"]);
  if (request === null) return { type: "other" };
  const error = response["subtype"] === "error" ? (string(response["error"]) ?? "unknown") : null;
  return { type: "response", request, error, body: object(response["response"]) };
};

const readMessage = (line: Json): WireLine => {
  const parent = string(line["parent_tool_use_id"]);
  const message = object(line["message"]);
  const blocks = readBlocks(message);
  if (line["type"] === "user") {
    const toolResult = line["tool_use_result"];
    return {
      type: "user",
      parent,
      uuid: string(line["uuid"]),
      isReplay: line["isReplay"] === true,
      blocks,
      toolResult: isObject(toolResult) ? toolResult : null,
    };
  }
  return {
    type: "assistant",
    parent,
    message: string(message["id"]) ?? string(line["uuid"]) ?? "",
    model: string(message["model"]),
    error: string(line["error"]),
    sessionId: string(line["session_id"]),
    blocks,
  };
};

/** One line of stdout. Never throws. */
export const readLine = (text: string): WireLine => {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return text.trim() === "" ? { type: "other" } : { type: "garbage" };
  }
  if (!isObject(line)) return { type: "garbage" };
  switch (line["type"]) {
    case "system":
      return readSystem(line);
    case "stream_event": {
      const event = readStream(object(line["event"]));
      const parent = string(line["parent_tool_use_id"]);
      return event === null ? { type: "other" } : { type: "stream", parent, event };
    }
    case "assistant":
    case "user":
      return readMessage(line);
    case "result":
      return readResult(line);
    case "control_request":
      return readControl(line);
    case "control_cancel_request": {
      const request = string(line["request_id"]);
      return request === null ? { type: "other" } : { type: "cancel", request };
    }
    case "control_response":
      return readResponse(line);
    default:
      return { type: "other" };
  }
};
