import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { makeFakeLlm, type FakeLlm } from "./server.ts";
import { talkAnthropic, talkOpenai } from "./talk.ts";

let fake: FakeLlm;
beforeAll(async () => {
  fake = await makeFakeLlm();
});
afterAll(() => fake.close());

const text = (words: string) => ({ type: "text", text: words });

describe("the real prompt among what Claude Code sends in the person's name", () => {
  const ask = (content: unknown) =>
    talkAnthropic.ask(fake.url, [], { fields: { messages: [{ role: "user", content }] } });

  test("reminders and other roles are no turns", async () => {
    const messages = [
      {
        role: "user",
        content: [text("<system-reminder>\nRUN nothing\n</system-reminder>\n"), text("COUNT")],
      },
      { role: "system", content: "SAY wrong" },
    ];
    const answer = await talkAnthropic.ask(fake.url, [], { fields: { messages } });
    expect(answer.text).toBe("1");
  });

  test("a reminder inside the prompt's own block is left out", async () => {
    expect((await ask("<system-reminder>SAY no</system-reminder>SAY yes")).text).toBe("yes");
  });

  test("after an interrupt the new prompt counts, not the old tool's result before it", async () => {
    const result = { type: "tool_result", tool_use_id: "toolu_1", content: [text("stopped")] };
    const mark = text("[Request interrupted by user for tool use]");
    expect((await ask([text("RUN sleep 9"), result, mark, text("say PONG")])).text).toBe("PONG");
    expect((await ask([text("RUN sleep 9"), result, mark, text("COUNT")])).text).toBe("2");
  });

  test("two prompts merged into one message are two turns", async () => {
    expect((await ask([text("FAIL 400"), text("COUNT")])).text).toBe("2");
  });

  test("a request for a title is answered as such and follows no script", async () => {
    const answer = await talkAnthropic.ask(
      fake.url,
      [{ user: "<session>\nFAIL 500\n</session>" }],
      {
        fields: { tools: [], output_config: { format: { type: "json_schema" } } },
      },
    );
    expect(answer).toMatchObject({ status: 200, text: '{"title":"A fake title"}' });
  });

  test("counting tokens gives a fixed number", async () => {
    const response = await fetch(`${fake.url}/v1/messages/count_tokens?beta=true`, {
      method: "POST",
      body: "{}",
    });
    expect(await response.json()).toEqual({ input_tokens: 1000 });
  });
});

describe("the real prompt among what Codex sends in the person's name", () => {
  const user = (...texts: readonly string[]) => ({
    type: "message",
    role: "user",
    content: texts.map((one) => ({ type: "input_text", text: one })),
  });
  const ask = (...input: readonly unknown[]) => talkOpenai.ask(fake.url, [], { fields: { input } });

  test("instructions, environment and marks of an abort are no turns", async () => {
    const answer = await ask(
      { type: "message", role: "developer", content: [{ type: "input_text", text: "SAY wrong" }] },
      user(
        "# AGENTS.md instructions for /x\nSAY wrong",
        "<environment_context>\nSAY wrong</environment_context>",
      ),
      user("SLOW 9"),
      user("<turn_aborted>\nSAY wrong</turn_aborted>"),
      user("COUNT"),
    );
    expect(answer.text).toBe("2");
  });

  test.each([
    ["a string", "fine"],
    ["parts", [{ type: "input_text", text: "fine" }]],
    ["an object", { content: "fine", success: true }],
  ])("the result of a custom tool as %s ends the turn", async (_, output) => {
    expect((await ask(user("WRITE a b"), { type: "custom_tool_call_output", output })).text).toBe(
      "done: fine",
    );
  });

  test("a request for a title is answered as such and follows no script", async () => {
    const answer = await talkOpenai.ask(
      fake.url,
      [{ user: "Think of a title.\n\nUser's first message:\nFAIL 500" }],
      { fields: { tools: [], text: { format: { type: "json_schema" } } } },
    );
    expect(answer).toMatchObject({ status: 200, text: '{"title":"A fake title"}' });
  });
});
