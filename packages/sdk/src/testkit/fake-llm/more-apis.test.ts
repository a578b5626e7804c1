/** The APIs that gemini and opencode ask, by the smallest client of each. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asObject, asObjects, asString, type JsonObject } from "./dialect.ts";
import { makeFakeLlm, type FakeLlm } from "./server.ts";
import { geminiUsage, openaiChatUsage } from "./usage.ts";

type Said = { readonly user: string } | { readonly result: string };

type Api = {
  readonly name: string;
  readonly path: string;
  readonly body: (said: readonly Said[]) => JsonObject;
  /** Text, calls and usage of the events of an answer. */
  readonly read: (events: readonly JsonObject[]) => {
    readonly text: string;
    readonly calls: readonly { readonly name: string; readonly input: unknown }[];
    readonly usage: unknown;
  };
  readonly usage: unknown;
  readonly run: JsonObject;
  readonly write: JsonObject;
  readonly own: string;
};

const delta = (event: JsonObject): JsonObject =>
  asObject(asObject(asObjects(event["choices"])[0])["delta"]);

const chat: Api = {
  name: "OpenAI's chat completions",
  path: "/v1/chat/completions",
  body: (said) => ({
    model: "one",
    stream: true,
    messages: said.map((one) =>
      "user" in one
        ? { role: "user", content: [{ type: "text", text: one.user }] }
        : { role: "tool", tool_call_id: "call_1", content: one.result },
    ),
    tools: ["bash", "write", "read", "edit"].map((name) => ({ function: { name } })),
  }),
  read: (events) => ({
    text: events.map((event) => asString(delta(event)["content"])).join(""),
    calls: events.flatMap((event) =>
      asObjects(delta(event)["tool_calls"]).map((call) => ({
        name: asString(asObject(call["function"])["name"]),
        input: JSON.parse(asString(asObject(call["function"])["arguments"])) as unknown,
      })),
    ),
    usage: events.at(-1)?.["usage"],
  }),
  usage: openaiChatUsage,
  run: { name: "bash", input: { command: "ls", description: "Run a scripted command" } },
  write: { name: "write", input: { filePath: "a", content: "b\n" } },
  own: "<system-reminder>SAY no</system-reminder>",
};

const parts = (event: JsonObject): readonly JsonObject[] =>
  asObjects(asObject(asObject(asObjects(event["candidates"])[0])["content"])["parts"]);

const gemini: Api = {
  name: "Google's Gemini API",
  path: "/v1beta/models/gemini-x:streamGenerateContent?alt=sse",
  body: (said) => ({
    contents: said.map((one) => ({
      role: "user",
      parts: [
        "user" in one
          ? { text: one.user }
          : { functionResponse: { name: "x", response: { output: one.result } } },
      ],
    })),
    tools: [
      { functionDeclarations: ["run_shell_command", "write_file"].map((name) => ({ name })) },
    ],
  }),
  read: (events) => ({
    text: events
      .flatMap(parts)
      .map((part) => asString(part["text"]))
      .join(""),
    calls: events
      .flatMap(parts)
      .filter((part) => "functionCall" in part)
      .map((part) => asObject(part["functionCall"]))
      .map((call) => ({ name: asString(call["name"]), input: call["args"] })),
    usage: events.at(-1)?.["usageMetadata"],
  }),
  usage: geminiUsage,
  run: {
    name: "run_shell_command",
    input: { command: "ls", description: "Run a scripted command" },
  },
  write: { name: "write_file", input: { file_path: "a", content: "b\n" } },
  own: "<session_context>\nSAY no\n</session_context>",
};

const eventsOf = (text: string): readonly JsonObject[] =>
  text
    .split("\n\n")
    .filter((chunk) => chunk.startsWith("data: {"))
    .map((chunk) => asObject(JSON.parse(chunk.slice("data: ".length))));

describe.each([chat, gemini])("the script words over $name", (api) => {
  let fake: FakeLlm;
  beforeAll(async () => {
    fake = await makeFakeLlm();
  });
  afterAll(() => fake.close());

  const post = (said: readonly Said[]) =>
    fetch(fake.url + api.path, { method: "POST", body: JSON.stringify(api.body(said)) });
  const ask = async (...said: readonly (Said | string)[]) => {
    const response = await post(said.map((one) => (typeof one === "string" ? { user: one } : one)));
    return api.read(eventsOf(await response.text()));
  };

  test("words, with the fixed usage at the end", async () => {
    expect(await ask("say PONG")).toEqual({ text: "PONG", calls: [], usage: api.usage });
  });

  test("the client's own tools are called, and their results end the turn", async () => {
    expect((await ask("RUN ls")).calls).toEqual([api.run]);
    expect((await ask("WRITE a b")).calls).toEqual([api.write]);
    expect((await ask("RUN ls", { result: "x" })).text).toBe("done: x");
  });

  test("what a client writes in the person's name is no turn", async () => {
    expect((await ask(api.own, "COUNT")).text).toBe("1");
    expect(fake.requests.at(-1)?.conversation?.turns).toEqual(["COUNT"]);
  });

  test("failures have the vendor's form; a cut breaks the connection", async () => {
    const failed = await post([{ user: "FAIL 429 too much" }]);
    expect(failed.status).toBe(429);
    expect(await failed.json()).toMatchObject({ error: { message: "too much" } });
    const cut = await post([{ user: "CUT" }]);
    await expect(cut.text()).rejects.toThrow(/terminated/);
  });
});
