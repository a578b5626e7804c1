// The smallest client of each API, for tests of the fake LLM through HTTP: one way to ask, one shape of answer.
import { asObject, asObjects, asString, type JsonObject } from "./dialect.ts";

export type Said =
  | { readonly user: string }
  | { readonly assistant: string }
  | { readonly result: string };

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  readonly usage: JsonObject;
  /** Text deltas as they came. */
  readonly deltas: readonly string[];
  /** The closing event came. */
  readonly isComplete: boolean;
  /** The connection broke before the response was over. */
  readonly isBroken: boolean;
}

export interface Talk {
  readonly api: string;
  readonly path: string;
  /** A request body with the tools that the vendor's CLI offers. */
  readonly request: (said: readonly Said[], fields?: JsonObject) => JsonObject;
  readonly ask: (url: string, said: readonly Said[], options?: AskOptions) => Promise<Answer>;
}

export interface AskOptions {
  /** Laid over the request body. */
  readonly fields?: JsonObject;
  readonly signal?: AbortSignal;
}

export const talkAnthropic: Talk = makeTalk({
  api: "anthropic-messages",
  path: "/v1/messages?beta=true",
  request: (said) => ({
    model: "claude-opus-4-8",
    messages: said.map((one) => {
      if ("user" in one) return { role: "user", content: [{ type: "text", text: one.user }] };
      if ("assistant" in one)
        return { role: "assistant", content: [{ type: "text", text: one.assistant }] };
      return {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "toolu_1", content: one.result }],
      };
    }),
    tools: ["AskUserQuestion", "Bash", "Edit", "Read", "Write"].map((name) => ({ name })),
    metadata: { user_id: JSON.stringify({ session_id: "s-1" }) },
    stream: true,
  }),
  read: (events) => ({
    text: joined(events, "text_delta", "text"),
    thinking: joined(events, "thinking_delta", "thinking"),
    calls: events
      .filter((event) => asObject(event["content_block"])["type"] === "tool_use")
      .map((event) => ({
        name: asString(asObject(event["content_block"])["name"]),
        input: JSON.parse(joined(events, "input_json_delta", "partial_json")) as unknown,
      })),
    usage: asObject(events.find((event) => event["type"] === "message_delta")?.["usage"]),
    deltas: deltasOf(events, "text_delta", "text"),
    isComplete: events.at(-1)?.["type"] === "message_stop",
  }),
});

export const talkOpenai: Talk = makeTalk({
  api: "openai-responses",
  path: "/v1/responses",
  request: (said) => ({
    model: "gpt-5.5",
    input: said.map((one) => {
      if ("user" in one)
        return { type: "message", role: "user", content: [{ type: "input_text", text: one.user }] };
      if ("assistant" in one) {
        return {
          type: "message",
          role: "assistant",
          content: [{ type: "output_text", text: one.assistant }],
        };
      }
      return { type: "function_call_output", call_id: "call_1", output: one.result };
    }),
    tools: [
      { type: "function", name: "exec_command" },
      { type: "function", name: "request_user_input" },
      { type: "custom", name: "apply_patch" },
      { type: "namespace", name: "mcp__skein", tools: [{ type: "function", name: "ping" }] },
      { type: "web_search" },
    ],
    prompt_cache_key: "s-1",
    stream: true,
  }),
  read: (events) => {
    const items = events
      .filter((event) => event["type"] === "response.output_item.done")
      .map((event) => asObject(event["item"]));
    const deltas = events
      .filter((event) => event["type"] === "response.output_text.delta")
      .map((event) => asString(event["delta"]));
    const closing = events.find((event) => event["type"] === "response.completed");
    return {
      text: deltas.join(""),
      thinking: events
        .filter((event) => event["type"] === "response.reasoning_summary_text.delta")
        .map((event) => asString(event["delta"]))
        .join(""),
      calls: items
        .filter((item) => asString(item["type"]).endsWith("_call"))
        .map((item) => ({
          name: [item["namespace"], item["name"]].filter(Boolean).join("__"),
          input:
            "arguments" in item
              ? (JSON.parse(asString(item["arguments"])) as unknown)
              : item["input"],
        })),
      usage: asObject(asObject(closing?.["response"])["usage"]),
      deltas,
      isComplete: closing !== undefined,
    };
  },
});

type ReadEvents = (
  events: readonly JsonObject[],
) => Pick<Answer, "text" | "thinking" | "calls" | "usage" | "deltas" | "isComplete">;

function makeTalk(vendor: {
  api: string;
  path: string;
  request: (said: readonly Said[]) => JsonObject;
  read: ReadEvents;
}): Talk {
  const request: Talk["request"] = (said, fields = {}) => ({ ...vendor.request(said), ...fields });
  return {
    api: vendor.api,
    path: vendor.path,
    request,
    async ask(url, said, options = {}) {
      const response = await fetch(url + vendor.path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request(said, options.fields)),
        ...(options.signal ? { signal: options.signal } : {}),
      });
      const { text, isBroken } = await readToEnd(response);
      const isStream = response.headers.get("content-type") === "text/event-stream";
      const body = isStream ? {} : asObject(JSON.parse(text || "{}"));
      return {
        status: response.status,
        body,
        isBroken,
        ...vendor.read(isStream ? parseEvents(text) : []),
      };
    },
  };
}

/** What came before the connection broke counts too. */
async function readToEnd(response: Response): Promise<{ text: string; isBroken: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? [])
      text += decoder.decode(chunk as Uint8Array, { stream: true });
    return { text, isBroken: false };
  } catch {
    return { text, isBroken: true };
  }
}

/** Fails where the name of an event and the type inside it differ, which the real clients would not forgive. */
function parseEvents(text: string): readonly JsonObject[] {
  return text
    .split("\n\n")
    .filter((chunk) => chunk.startsWith("event: "))
    .map((chunk) => {
      const [head = "", data = ""] = chunk.split("\ndata: ");
      const event = asObject(JSON.parse(data));
      if (head !== `event: ${asString(event["type"])}`)
        throw new Error(`event and type differ in ${chunk}`);
      return event;
    });
}

function deltasOf(events: readonly JsonObject[], type: string, field: string): readonly string[] {
  const deltas = asObjects(events.map((event) => event["delta"]));
  return deltas.filter((delta) => delta["type"] === type).map((delta) => asString(delta[field]));
}

function joined(events: readonly JsonObject[], type: string, field: string): string {
  return deltasOf(events, type, field).join("");
}
