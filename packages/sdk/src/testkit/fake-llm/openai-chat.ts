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
import { withoutReminders } from "./anthropic-messages.ts";
import type { Block } from "./plan.ts";
import { openaiChatUsage } from "./usage.ts";

/**
 * OpenAI's Chat Completions API as opencode 1.18.33 uses it through `@ai-sdk/openai-compatible`:
 * `POST /v1/chat/completions` with `stream: true` and `stream_options: {include_usage: true}`.
 */
export const openaiChat: Dialect = {
  api: "openai-chat",
  isTurn: (method, path) => method === "POST" && path === "/v1/chat/completions",
  answerAside: () => undefined,
  readConversation: (body) => ({
    id: asString(body["prompt_cache_key"]),
    model: asString(body["model"]),
    stream: body["stream"] === true,
    // opencode asks for one at the first turn; its turns always offer tools.
    asksForTitle: asObjects(body["tools"]).length === 0,
    ...gatherTurns(entries(body["messages"])),
    tools: asObjects(body["tools"]).map((tool) => ({
      name: asString(asObject(tool["function"])["name"]),
      form: "json",
    })),
  }),
  streamFrames,
  wholeAnswer: (blocks, conversation) => ({
    ...envelope("chat.completion", conversation),
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: blocks.map(saidIn).join(""),
          tool_calls: blocks.flatMap((block, index) => callOf(block, index)),
        },
        finish_reason: finishOf(blocks),
      },
    ],
    usage: openaiChatUsage,
  }),
  failureBody: (status, text) => ({
    error: {
      message: text,
      // opencode tries again for ever on `server_error`, whatever the status is.
      type: status >= 500 ? "server_error" : "invalid_request_error",
      param: null,
      code: status === 404 ? "model_not_found" : null,
    },
  }),
};

function* entries(messages: unknown): Iterable<Entry> {
  for (const message of asObjects(messages)) {
    const text = withoutReminders(textOf(message["content"]));
    if (message["role"] === "user" && text !== "") yield { kind: "user", text };
    if (message["role"] === "tool") yield { kind: "result", text };
  }
}

function* streamFrames(blocks: readonly Block[], conversation: Conversation): Iterable<Frame> {
  const about = envelope("chat.completion.chunk", conversation);
  const chunk = (delta: JsonObject, finish: string | null = null): Frame => ({
    event: "",
    data: { ...about, choices: [{ index: 0, delta, finish_reason: finish }] },
  });
  yield chunk({ role: "assistant", content: "" });
  let calls = 0;
  for (const block of blocks) {
    switch (block.type) {
      case "thinking":
        yield { ...chunk({ reasoning_content: block.text }), isDelta: true };
        break;
      case "text":
        for (const content of block.deltas) yield { ...chunk({ content }), isDelta: true };
        break;
      case "call":
        yield { ...chunk({ tool_calls: callOf(block, calls++) }), isDelta: true };
    }
  }
  yield { ...chunk({}, finishOf(blocks)), isClosing: true };
  yield { event: "", data: { ...about, choices: [], usage: openaiChatUsage }, isClosing: true };
  yield { event: "", data: "[DONE]", isClosing: true };
}

function saidIn(block: Block): string {
  return block.type === "text" ? block.deltas.join("") : "";
}

function callOf(block: Block, index: number): readonly JsonObject[] {
  if (block.type !== "call") return [];
  const { name, input } = block.call;
  const text = typeof input === "string" ? input : JSON.stringify(input);
  return [{ index, id: newId("call"), type: "function", function: { name, arguments: text } }];
}

function finishOf(blocks: readonly Block[]): string {
  return blocks.some((block) => block.type === "call") ? "tool_calls" : "stop";
}

function envelope(object: string, conversation: Conversation): JsonObject {
  return { id: newId("chatcmpl"), object, created: 0, model: conversation.model };
}

/** Never the same twice, also not after a restart: clients keep ids in their history. */
function newId(kind: string): string {
  return `${kind}_${randomUUID().replaceAll("-", "")}`;
}
