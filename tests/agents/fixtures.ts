/** The real Claude Code and Codex as the scenario needs them: throw-away homes, dummy keys, the project's own fake LLM. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { claudeEnv, codexEnv, fakeUsage, writeCodexHome, type FakeLlm } from "@skein/sdk/testkit";
import type { Agent } from "../scenarios/agent.ts";
import type { Fixture } from "../scenarios/stage.ts";

/** The newest request of the agent's conversation. */
const newestRequest = async (llm: FakeLlm, agent: Agent) => {
  const { providerSessionId } = await agent.view();
  const found = llm.requests.findLast(({ conversation }) => conversation?.id === providerSessionId);
  if (found === undefined) throw new Error(`${agent.name} asked the model for nothing`);
  return found;
};

const quiet =
  (llm: FakeLlm): Fixture["quiet"] =>
  async (_house, _agent, prompt) => {
    await llm.waitForRequest(
      ({ conversation, ended }) => ended !== undefined && conversation?.turns.at(-1) === prompt,
    );
  };

export const realClaude = (llm: FakeLlm, program: string): Fixture => ({
  id: "claude-code",
  capabilities: { steer: true, fork: true, resume: true, questions: true },
  prepare: async (place) => {
    const configDir = join(place, "claude");
    await mkdir(configDir, { recursive: true });
    return { command: program, env: claudeEnv({ configDir, url: llm.url }) };
  },
  choice: { model: "sonnet", effort: "low", asked: "claude-sonnet-5" },
  wanted: async (_house, agent) => {
    const { body } = await newestRequest(llm, agent);
    const { effort } = (body["output_config"] ?? {}) as { effort?: string };
    return { model: String(body["model"]), effort: effort ?? null };
  },
  quiet: quiet(llm),
  tokens: {
    inputTokens: fakeUsage.input,
    outputTokens: fakeUsage.output,
    cacheReadTokens: fakeUsage.cacheRead,
    cacheWriteTokens: fakeUsage.cacheCreation,
    // Claude Code does not tell them apart.
    reasoningTokens: 0,
  },
  sharesProcess: false,
  breaks: [],
  sandboxes: false,
});

export const realCodex = (llm: FakeLlm, program: string): Fixture => ({
  id: "codex",
  capabilities: { steer: true, fork: true, resume: true, questions: true },
  prepare: async (place) => {
    const home = join(place, "codex");
    await mkdir(home, { recursive: true });
    await writeCodexHome({
      dir: home,
      url: llm.url,
      features: { default_mode_request_user_input: true },
    });
    return { command: program, env: codexEnv({ home }) };
  },
  choice: { model: "gpt-5.6-luna", effort: "high", asked: "gpt-5.6-luna" },
  wanted: async (_house, agent) => {
    const { body } = await newestRequest(llm, agent);
    const { effort } = (body["reasoning"] ?? {}) as { effort?: string };
    return { model: String(body["model"]), effort: effort ?? null };
  },
  quiet: quiet(llm),
  tokens: {
    inputTokens: fakeUsage.input,
    outputTokens: fakeUsage.output,
    cacheReadTokens: fakeUsage.cacheRead,
    cacheWriteTokens: fakeUsage.cacheCreation,
    reasoningTokens: fakeUsage.reasoning,
  },
  sharesProcess: true,
  breaks: [],
  sandboxes: true,
});
