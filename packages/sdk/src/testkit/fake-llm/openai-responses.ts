import { randomUUID } from "node:crypto";

import { gatherTurns, type Conversation, type Entry, type OfferedTool } from "./conversation.ts";
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
import type { ToolCall } from "./tools.ts";
import { openaiUsage } from "./usage.ts";

/** OpenAI's Responses API as Codex 0.169.0 uses it: `POST /v1/responses` with `stream: true, store: false`. */
export const openaiResponses: Dialect = {
  api: "openai-responses",
  isTurn: (method, path) => method === "POST" && path === "/v1/responses",
  answerAside: () => undefined,
  readConversation: (body) => ({
    id: asString(body["prompt_cache_key"]),
    model: asString(body["model"]),
    stream: body["stream"] === true,
    // codex-acp 2.6.0 has Codex think of one, in a thread without tools.
    asksForTitle: asObjects(body["tools"]).length === 0 && outputFormat(body) === "json_schema",
    ...gatherTurns(entries(body["input"])),
    tools: [...offeredTools(asObjects(body["tools"]))],
  }),
  streamFrames,
  wholeAnswer: (blocks, conversation) =>
    completed(newId("resp"), conversation, blocks.map(wholeItem)),
  failureBody: (status, text) => ({
    error: {
      message: text,
      type: status >= 500 ? "server_error" : "invalid_request_error",
      param: null,
      code: codes[status] ?? null,
    },
  }),
};

function outputFormat(body: JsonObject): string {
  return asString(asObject(asObject(body["text"])["format"])["type"]);
}

const codes: Readonly<Record<number, string>> = {
  401: "invalid_api_key",
  404: "model_not_found",
  429: "rate_limit_exceeded",
};

function* entries(input: unknown): Iterable<Entry> {
  if (typeof input === "string") yield { kind: "user", text: input };
  for (const item of asObjects(input)) {
    const type = asString(item["type"]) || "message";
    if (type === "message" && item["role"] === "user") {
      const parts =
        typeof item["content"] === "string"
          ? [{ text: item["content"] }]
          : asObjects(item["content"]);
      const texts = parts
        .map((part) => asString(part["text"]))
        .filter((text) => text !== "" && !isClientsOwn(text));
      if (texts.length > 0) yield { kind: "user", text: texts.join("\n") };
    } else if (type.endsWith("_call_output")) {
      yield { kind: "result", text: outputText(item["output"]) };
    }
  }
}

/** What Codex 0.169.0 writes in the user's name. */
const clientsOwnStarts = [
  "<environment_context>",
  "<user_instructions>",
  "# AGENTS.md instructions",
  "<turn_aborted>",
  "<user_shell_command>",
  "<subagent_notification>",
  "<skill>",
];

function isClientsOwn(text: string): boolean {
  return clientsOwnStarts.some((start) => text.trimStart().startsWith(start));
}

/** A string, a list of parts, or an object that holds either in `content`. */
function outputText(output: unknown): string {
  return textOf(output) || textOf(asObject(output)["content"]);
}

function* offeredTools(tools: readonly JsonObject[], namespace?: string): Iterable<OfferedTool> {
  for (const tool of tools) {
    const name = asString(tool["name"]);
    if (tool["type"] === "namespace") yield* offeredTools(asObjects(tool["tools"]), name);
    else if (name !== "") {
      yield {
        name,
        form: tool["type"] === "custom" ? "text" : "json",
        ...(namespace === undefined ? {} : { namespace }),
      };
    }
  }
}

function* streamFrames(blocks: readonly Block[], conversation: Conversation): Iterable<Frame> {
  let number = 0;
  const numbered = (frame: Frame): Frame => ({
    ...frame,
    data: { ...asObject(frame.data), sequence_number: number++ },
  });
  const id = newId("resp");
  const output: JsonObject[] = [];
  yield numbered(
    frame("response.created", {
      response: { ...envelope(id, conversation), status: "in_progress" },
    }),
  );
  for (const [index, block] of blocks.entries()) {
    const item = wholeItem(block);
    output.push(item);
    yield numbered(
      frame("response.output_item.added", { output_index: index, item: emptyItem(item) }),
    );
    for (const one of contentFrames(block, { item_id: item["id"], output_index: index }))
      yield numbered(one);
    yield numbered(frame("response.output_item.done", { output_index: index, item }));
  }
  const response = completed(id, conversation, output);
  yield { ...numbered(frame("response.completed", { response })), isClosing: true };
}

function* contentFrames(block: Block, at: JsonObject): Iterable<Frame> {
  switch (block.type) {
    case "thinking": {
      const part = { ...at, summary_index: 0 };
      yield frame("response.reasoning_summary_part.added", {
        ...part,
        part: { type: "summary_text", text: "" },
      });
      yield delta("response.reasoning_summary_text.delta", { ...part, delta: block.text });
      yield frame("response.reasoning_summary_text.done", { ...part, text: block.text });
      yield frame("response.reasoning_summary_part.done", {
        ...part,
        part: { type: "summary_text", text: block.text },
      });
      return;
    }
    case "text": {
      const part = { ...at, content_index: 0 };
      const text = block.deltas.join("");
      yield frame("response.content_part.added", { ...part, part: outputTextPart("") });
      for (const one of block.deltas)
        yield delta("response.output_text.delta", { ...part, delta: one });
      yield frame("response.output_text.done", { ...part, text });
      yield frame("response.content_part.done", { ...part, part: outputTextPart(text) });
      return;
    }
    case "call": {
      const isText = typeof block.call.input === "string";
      const text = inputText(block.call);
      const name = isText ? "response.custom_tool_call_input" : "response.function_call_arguments";
      yield delta(`${name}.delta`, { ...at, delta: text });
      yield frame(`${name}.done`, { ...at, [isText ? "input" : "arguments"]: text });
    }
  }
}

function wholeItem(block: Block): JsonObject {
  switch (block.type) {
    case "thinking":
      return {
        type: "reasoning",
        id: newId("rs"),
        summary: [{ type: "summary_text", text: block.text }],
        encrypted_content: "fake-reasoning",
      };
    case "text": {
      const content = [outputTextPart(block.deltas.join(""))];
      return { type: "message", id: newId("msg"), status: "completed", role: "assistant", content };
    }
    case "call": {
      const { name, namespace, input } = block.call;
      const call = {
        call_id: newId("call"),
        name,
        ...(namespace === undefined ? {} : { namespace }),
        status: "completed",
      };
      return typeof input === "string"
        ? { type: "custom_tool_call", id: newId("ctc"), ...call, input }
        : { type: "function_call", id: newId("fc"), ...call, arguments: inputText(block.call) };
    }
  }
}

/** The item as it is announced: all of it but what the deltas bring. */
function emptyItem(item: JsonObject): JsonObject {
  const announced: Record<string, unknown> = { ...item };
  if ("status" in item) announced["status"] = "in_progress";
  for (const list of ["content", "summary"]) if (list in item) announced[list] = [];
  for (const text of ["arguments", "input"]) if (text in item) announced[text] = "";
  return announced;
}

function completed(
  id: string,
  conversation: Conversation,
  output: readonly JsonObject[],
): JsonObject {
  return { ...envelope(id, conversation), status: "completed", output, usage: openaiUsage };
}

function envelope(id: string, conversation: Conversation): JsonObject {
  return { id, object: "response", created_at: 0, model: conversation.model, output: [] };
}

function frame(event: string, data: JsonObject): Frame {
  return { event, data: { type: event, ...data } };
}

function delta(event: string, data: JsonObject): Frame {
  return { ...frame(event, data), isDelta: true };
}

function outputTextPart(text: string): JsonObject {
  return { type: "output_text", text, annotations: [] };
}

function inputText(call: ToolCall): string {
  return typeof call.input === "string" ? call.input : JSON.stringify(call.input);
}

/** Never the same twice, also not after a restart: clients keep ids in their history. */
function newId(kind: string): string {
  return `${kind}_${randomUUID().replaceAll("-", "")}`;
}
