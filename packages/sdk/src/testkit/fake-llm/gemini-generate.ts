import { randomUUID } from "node:crypto";

import { gatherTurns, type Conversation, type Entry } from "./conversation.ts";
import {
  asObject,
  asObjects,
  asString,
  type Dialect,
  type Frame,
  type JsonObject,
} from "./dialect.ts";
import type { Block } from "./plan.ts";
import { geminiUsage } from "./usage.ts";

const turnPath = /^\/v1beta\/models\/([^/:]+):(streamGenerateContent|generateContent)$/;

/**
 * Google's Gemini API as Gemini CLI 0.61.0 uses it: `POST /v1beta/models/<model>:streamGenerateContent?alt=sse`, and
 * `:countTokens`.
 */
export const geminiGenerate: Dialect = {
  api: "gemini-generate",
  isTurn: (method, path) => method === "POST" && turnPath.test(path),
  answerAside: (method, path) =>
    method === "POST" && path.endsWith(":countTokens")
      ? { totalTokens: geminiUsage.promptTokenCount }
      : undefined,
  readConversation: (body, path) => ({
    id: "",
    model: turnPath.exec(path)?.[1] ?? "",
    stream: turnPath.exec(path)?.[2] === "streamGenerateContent",
    asksForTitle: asObjects(body["tools"]).length === 0,
    ...gatherTurns(entries(body["contents"])),
    tools: asObjects(body["tools"]).flatMap((group) =>
      asObjects(group["functionDeclarations"]).map((tool) => ({
        name: asString(tool["name"]),
        form: "json" as const,
      })),
    ),
  }),
  streamFrames,
  wholeAnswer: (blocks, conversation) => answer(blocks.flatMap(partsOf), conversation, "STOP"),
  failureBody: (status, text) => ({
    error: { code: status, message: text, status: statuses[status] ?? "INTERNAL" },
  }),
};

const statuses: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

function* entries(contents: unknown): Iterable<Entry> {
  for (const content of asObjects(contents)) {
    if (content["role"] !== "user") continue;
    for (const part of asObjects(content["parts"])) {
      const response = asObject(part["functionResponse"])["response"];
      const text = asString(part["text"]);
      if (response !== undefined) yield { kind: "result", text: outputText(asObject(response)) };
      else if (text.trim() !== "" && !isClientsOwn(text)) yield { kind: "user", text };
    }
  }
}

function outputText(response: JsonObject): string {
  return asString(response["output"]) || asString(response["error"]);
}

/** What Gemini CLI 0.61.0 writes in the user's name. */
const clientsOwnStarts = ["<session_context>", "<hook_context>", "System: "];

function isClientsOwn(text: string): boolean {
  return clientsOwnStarts.some((start) => text.trimStart().startsWith(start));
}

function* streamFrames(blocks: readonly Block[], conversation: Conversation): Iterable<Frame> {
  for (const part of blocks.flatMap(partsOf))
    yield { event: "", data: answer([part], conversation), isDelta: true };
  yield { event: "", data: answer([], conversation, "STOP"), isClosing: true };
}

function partsOf(block: Block): readonly JsonObject[] {
  switch (block.type) {
    case "thinking":
      return [{ text: block.text, thought: true }];
    case "text":
      return block.deltas.map((text) => ({ text }));
    case "call": {
      const { name, input } = block.call;
      const args = typeof input === "string" ? { text: input } : input;
      return [{ functionCall: { id: `call_${randomUUID()}`, name, args } }];
    }
  }
}

function answer(
  parts: readonly JsonObject[],
  conversation: Conversation,
  finishReason?: string,
): JsonObject {
  const content = { role: "model", parts: parts.length === 0 ? [{ text: "" }] : parts };
  return {
    candidates: [{ index: 0, content, ...(finishReason === undefined ? {} : { finishReason }) }],
    ...(finishReason === undefined ? {} : { usageMetadata: geminiUsage }),
    modelVersion: conversation.model,
    responseId: randomUUID(),
  };
}
