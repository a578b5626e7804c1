import { randomUUID } from "node:crypto";

import { gatherTurns, type Conversation, type Entry } from "./conversation.ts";
import {
  asObject,
  asObjects,
  asString,
  textOf,
  type Dialect,
  type Frame,
  type JsonObject,
} from "./dialect.ts";
import type { Block } from "./plan.ts";
import { anthropicUsage } from "./usage.ts";

/**
 * Anthropic's Messages API as Claude Code 2.1.197 uses it: `POST /v1/messages?beta=true` with `stream: true`, and
 * `/v1/messages/count_tokens`.
 */
export const anthropicMessages: Dialect = {
  api: "anthropic-messages",
  isTurn: (method, path) => method === "POST" && path === "/v1/messages",
  answerAside: (method, path) =>
    method === "POST" && path === "/v1/messages/count_tokens"
      ? { input_tokens: anthropicUsage.input_tokens }
      : undefined,
  readConversation,
  streamFrames,
  wholeAnswer: (blocks, conversation) => ({
    ...envelope(conversation),
    content: blocks.map(wholeBlock),
    stop_reason: stopReason(blocks),
    usage: anthropicUsage,
  }),
  failureBody: (status, text) => ({
    type: "error",
    error: {
      type: errorTypes[status] ?? (status >= 500 ? "api_error" : "invalid_request_error"),
      message: text,
    },
    request_id: newId("req"),
  }),
};

const errorTypes: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function readConversation(body: JsonObject): Conversation {
  return {
    id: sessionId(asObject(body["metadata"])),
    model: asString(body["model"]),
    stream: body["stream"] === true,
    // Claude Code's terminal interface asks so after the first turn; its turns always offer tools.
    asksForTitle: asObjects(body["tools"]).length === 0 && outputFormat(body) === "json_schema",
    ...gatherTurns(entries(body)),
    tools: asObjects(body["tools"]).map((tool) => ({ name: asString(tool["name"]), form: "json" })),
  };
}

function outputFormat(body: JsonObject): string {
  return asString(asObject(asObject(body["output_config"])["format"])["type"]);
}

/** Claude Code puts a JSON text into `metadata.user_id`, with the session's id in it. */
function sessionId(metadata: JsonObject): string {
  const userId = asString(metadata["user_id"]);
  try {
    return asString(asObject(JSON.parse(userId))["session_id"]);
  } catch {
    return userId;
  }
}

/**
 * Every text block is a turn of its own: when a turn fails or is interrupted before any answer, Claude Code merges its
 * prompt and the next one into one user message.
 */
function* entries(body: JsonObject): Iterable<Entry> {
  for (const message of asObjects(body["messages"])) {
    if (message["role"] !== "user") continue;
    const content = message["content"];
    const blocks =
      typeof content === "string" ? [{ type: "text", text: content }] : asObjects(content);
    for (const block of blocks as readonly JsonObject[]) {
      if (block["type"] === "tool_result") {
        yield { kind: "result", text: withoutReminders(textOf(block["content"])) };
      } else if (block["type"] === "text") {
        const text = withoutReminders(asString(block["text"]));
        if (text !== "" && !isClientsOwn(text)) yield { kind: "user", text };
      }
    }
  }
}

/** What clients put into a prompt for the model's eyes; opencode marks it so too. */
export function withoutReminders(text: string): string {
  return text.replaceAll(/<system-reminder>[\s\S]*?<\/system-reminder>/g, "").trim();
}

/** What Claude Code 2.1.197 writes in the user's name. */
const clientsOwnStarts = [
  "[Request interrupted by user",
  "[Your previous response had no visible output",
  "<local-command-",
  "<command-name>",
  "<command-message>",
  "<task-notification>",
];

function isClientsOwn(text: string): boolean {
  return clientsOwnStarts.some((start) => text.startsWith(start));
}

function* streamFrames(blocks: readonly Block[], conversation: Conversation): Iterable<Frame> {
  const message = { ...envelope(conversation), content: [], stop_reason: null };
  const usage = { ...anthropicUsage, output_tokens: 1 };
  yield frame("message_start", { message: { ...message, usage } });
  yield frame("ping", {});
  for (const [index, block] of blocks.entries()) {
    yield frame("content_block_start", { index, content_block: emptyBlock(block) });
    for (const delta of deltasOf(block)) {
      yield { ...frame("content_block_delta", { index, delta }), isDelta: true };
    }
    if (block.type === "thinking") {
      yield frame("content_block_delta", { index, delta: { type: "signature_delta", signature } });
    }
    yield frame("content_block_stop", { index });
  }
  const delta = { stop_reason: stopReason(blocks), stop_sequence: null };
  yield { ...frame("message_delta", { delta, usage: anthropicUsage }), isClosing: true };
  yield { ...frame("message_stop", {}), isClosing: true };
}

const signature = "fake-signature";

function envelope(conversation: Conversation): JsonObject {
  return {
    id: newId("msg"),
    type: "message",
    role: "assistant",
    model: conversation.model,
    stop_sequence: null,
  };
}

function frame(event: string, data: JsonObject): Frame {
  return { event, data: { type: event, ...data } };
}

function emptyBlock(block: Block): JsonObject {
  switch (block.type) {
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "text":
      return { type: "text", text: "" };
    case "call":
      return { type: "tool_use", id: newId("toolu"), name: block.call.name, input: {} };
  }
}

function deltasOf(block: Block): readonly JsonObject[] {
  switch (block.type) {
    case "thinking":
      return [{ type: "thinking_delta", thinking: block.text }];
    case "text":
      return block.deltas.map((text) => ({ type: "text_delta", text }));
    case "call":
      return [{ type: "input_json_delta", partial_json: JSON.stringify(block.call.input) }];
  }
}

function wholeBlock(block: Block): JsonObject {
  switch (block.type) {
    case "thinking":
      return { type: "thinking", thinking: block.text, signature };
    case "text":
      return { type: "text", text: block.deltas.join("") };
    case "call":
      return { ...emptyBlock(block), input: block.call.input };
  }
}

function stopReason(blocks: readonly Block[]): string {
  return blocks.some((block) => block.type === "call") ? "tool_use" : "end_turn";
}

/** Never the same twice, also not after a restart: clients keep ids in their history and drop repeated ones. */
function newId(kind: string): string {
  return `${kind}_${randomUUID().replaceAll("-", "")}`;
}
