/** The lines of the real one (2.1.197), as seen on its wire. */
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { fakeUsage } from "../fake-llm/usage.ts";

const usage = {
  input_tokens: fakeUsage.input,
  cache_creation_input_tokens: fakeUsage.cacheCreation,
  cache_read_input_tokens: fakeUsage.cacheRead,
  output_tokens: fakeUsage.output,
};
const costUsd = 0.0065375;

/** Synchronous: what was said before a kill -9 has been said. */
export const say = (line: object): void => {
  writeWhole(`${JSON.stringify(line)}\n`);
};

export const writeWhole = (text: string): void => {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
};

/** What this process has used: the sums grow, and start from zero with the next one. */
export const makeMeter = (model: string) => {
  let requests = 0;
  return {
    request: (): void => {
      requests += 1;
    },
    requests: (): number => requests,
    sums: () => ({
      total_cost_usd: requests * costUsd,
      modelUsage: {
        [model]: {
          inputTokens: requests * fakeUsage.input,
          outputTokens: requests * fakeUsage.output,
          cacheReadInputTokens: requests * fakeUsage.cacheRead,
          cacheCreationInputTokens: requests * fakeUsage.cacheCreation,
          webSearchRequests: 0,
          costUSD: requests * costUsd,
          contextWindow: 1_000_000,
          maxOutputTokens: 64_000,
        },
      },
    }),
  };
};

export type Meter = ReturnType<typeof makeMeter>;

export const usageOf = (requests: number) => ({
  input_tokens: requests * fakeUsage.input,
  cache_creation_input_tokens: requests * fakeUsage.cacheCreation,
  cache_read_input_tokens: requests * fakeUsage.cacheRead,
  output_tokens: requests * fakeUsage.output,
});

export const makeVoice = (context: { session: string; readonly model: string }) => {
  const stamp = () => ({ session_id: context.session, uuid: randomUUID() });
  const system = (subtype: string, more: object): void =>
    say({ type: "system", subtype, ...more, ...stamp() });
  const event = (body: object): void =>
    say({ type: "stream_event", event: body, parent_tool_use_id: null, ...stamp() });
  return {
    system,
    event,
    echo: (uuid: string, content: unknown, isNew: boolean): void =>
      say({
        type: "user",
        message: { role: "user", content },
        session_id: context.session,
        parent_tool_use_id: null,
        uuid,
        ...(isNew ? { timestamp: new Date().toISOString() } : {}),
        isReplay: true,
      }),
    user: (content: readonly unknown[], more: object = {}): void =>
      say({
        type: "user",
        message: { role: "user", content },
        parent_tool_use_id: null,
        ...stamp(),
        timestamp: new Date().toISOString(),
        ...more,
      }),
    assistant: (id: string, block: object, more: object = {}): void =>
      say({
        type: "assistant",
        message: {
          id,
          type: "message",
          role: "assistant",
          model: context.model,
          content: [block],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...usage, output_tokens: 1 },
        },
        parent_tool_use_id: null,
        ...stamp(),
        ...more,
      }),
    synthetic: (text: string, error?: string): void =>
      say({
        type: "assistant",
        message: {
          id: randomUUID(),
          type: "message",
          role: "assistant",
          model: "<synthetic>",
          content: [{ type: "text", text }],
          stop_reason: "stop_sequence",
          usage: usageOf(0),
        },
        parent_tool_use_id: null,
        ...stamp(),
        ...(error === undefined ? {} : { error }),
      }),
    result: (more: object): void =>
      say({
        type: "result",
        duration_ms: 1,
        duration_api_ms: 1,
        permission_denials: [],
        ...more,
        ...stamp(),
      }),
    streamStart: (id: string): void =>
      event({
        type: "message_start",
        message: {
          id,
          type: "message",
          role: "assistant",
          model: context.model,
          content: [],
          usage,
        },
      }),
  };
};

export type Voice = ReturnType<typeof makeVoice>;
