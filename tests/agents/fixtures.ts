/** The real Claude Code and Codex as the scenario needs them: throw-away homes, dummy keys, the project's own fake LLM. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  claudeEnv,
  codexEnv,
  fakeUsage,
  makeGeminiHome,
  makeOpencodeHome,
  writeCodexHome,
  type FakeLlm,
} from "@skein/sdk/testkit";
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

/** The same program in its session's terminal. */
export const realClaudeTui = (llm: FakeLlm, program: string): Fixture => ({
  ...realClaude(llm, program),
  create: { interface: "tui" },
  // Alone it is there after a second; five at once on two busy cores take twenty.
  patienceMs: 60_000,
  without: [
    {
      steps: /^its words are shown as they come/,
      why: "a TUI's messages are known when they are whole",
    },
    {
      steps: /^a long prompt and odd characters arrive unchanged/,
      why: "an input line takes no control characters, and turns tabs into blanks",
    },
  ],
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

/** Not every client names its conversation: the newest request that holds this prompt, then. */
const requestOf = (llm: FakeLlm, prompt: string) => {
  const found = llm.requests.findLast(
    ({ conversation }) =>
      conversation?.asksForTitle === false && conversation.turns.at(-1) === prompt,
  );
  if (found === undefined) throw new Error(`the model was never asked ${JSON.stringify(prompt)}`);
  return found;
};

const input = fakeUsage.input + fakeUsage.cacheRead + fakeUsage.cacheCreation;

/** Gemini CLI 0.61.0. */
export const realGemini = (llm: FakeLlm, script: string): Fixture => ({
  id: "acp:gemini",
  capabilities: { steer: false, fork: false, resume: true, questions: false },
  lacks: ["command-output", "effort", "edits-beyond", "resuming-at-once"],
  without: [
    {
      steps:
        /^(?:a prompt wakes|stopped in the middle|ten who resume|a folder that went|idle for long|a turn without a word|kill -9 of the agent|what waits is held when the agent|an agent that died)/,
      why: "one step waits for the minute after which it can resume; these would wait for it once more each",
    },
  ],
  prepare: async (place) => {
    const env = await makeGeminiHome({ home: join(place, "gemini"), url: llm.url });
    return { command: [process.execPath, script], env };
  },
  choice: { model: "gemini-2.5-pro", effort: null, asked: "gemini-2.5-pro" },
  wanted: async () => ({
    model: requestOf(llm, "SAY chosen").conversation?.model ?? "",
    effort: null,
  }),
  quiet: quiet(llm),
  tokens: {
    inputTokens: input,
    outputTokens: fakeUsage.output - fakeUsage.reasoning,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  },
  sharesProcess: false,
  breaks: [],
  sandboxes: false,
});

/** opencode 1.18.33. */
export const realOpencode = (llm: FakeLlm, program: string): Fixture => ({
  id: "acp:opencode",
  capabilities: { steer: false, fork: true, resume: true, questions: false },
  lacks: ["effort", "usage-of-all-requests"],
  // Alone on two cores it takes three to six seconds until it is ready.
  patienceMs: 60_000,
  without: [
    {
      steps: /^(?:FAIL (?:404|429|500|529)|CUT) /,
      why: "it tries again for minutes when the API fails, without a word; a person can interrupt it",
    },
  ],
  prepare: async (place) => {
    const env = await makeOpencodeHome({ home: join(place, "opencode"), url: llm.url });
    return { command: program, env };
  },
  choice: { model: "fake/two", effort: null, asked: "two" },
  wanted: async () => ({
    model: requestOf(llm, "SAY chosen").conversation?.model ?? "",
    effort: null,
  }),
  quiet: quiet(llm),
  tokens: {
    inputTokens: input - fakeUsage.cacheRead,
    outputTokens: fakeUsage.output,
    cacheReadTokens: fakeUsage.cacheRead,
    cacheWriteTokens: 0,
    reasoningTokens: fakeUsage.reasoning,
  },
  sharesProcess: false,
  breaks: [],
  sandboxes: false,
});

/** claude-agent-acp 0.49.0, with the Claude Code that it brings along. */
export const realClaudeAcp = (llm: FakeLlm, script: string): Fixture => ({
  ...realClaude(llm, script),
  id: "acp:claude",
  capabilities: { steer: false, fork: true, resume: true, questions: false },
  // Its own Claude Code is older, and means another model by that name.
  choice: { model: "sonnet", effort: "low", asked: "claude-sonnet-4-6" },
  prepare: async (place) => {
    const configDir = join(place, "claude");
    await mkdir(configDir, { recursive: true });
    return {
      command: [process.execPath, script],
      env: claudeEnv({ configDir, url: llm.url, bypassAsRoot: true }),
    };
  },
});

/** What is codex-acp's own: the way to it, what it asks, tells and counts, and its processes; the Codex behind it plays all. */
const ESSENTIAL_OF_CODEX_ACP = [
  "answers a prompt",
  "its words are shown as they come, and recorded once",
  "three prompts are worked off in order, one at a time",
  "a turn is interrupted in the middle of its words",
  "an interrupt ends the command that runs",
  "what a turn used is told exactly, and added up once",
  "model and effort reach the model's API",
  "an edit is asked, and made when it is allowed",
  "it gets nothing of the daemon's environment but its share",
  "read-only: refuses edits and commands unasked",
  "workspace: edits in its folder unasked, asks beyond it",
  "full: never asks",
  "FAIL 401 fails the turn as login, and the next turn works",
  "FAIL 429 fails the turn as limit, and the next turn works",
  "CUT fails the turn as cut, and the next turn works",
  "stopped and resumed, it remembers",
  "a fork remembers, and leaves the original as it was",
  "kill -9 of the daemon in the middle of a turn loses and repeats nothing",
  "kill -9 of the agent with a command alive: told within 2 s, nothing left, history kept",
];

/** codex-acp 2.6.0, with the Codex 0.166.0 that it brings along. */
export const realCodexAcp = (llm: FakeLlm, script: string): Fixture => ({
  ...realCodex(llm, script),
  id: "acp:codex",
  capabilities: { steer: false, fork: true, resume: true, questions: false },
  only: ESSENTIAL_OF_CODEX_ACP,
  prepare: async (place) => {
    const home = join(place, "codex");
    await writeCodexHome({ dir: home, url: llm.url });
    return { command: [process.execPath, script], env: codexEnv({ home }) };
  },
  sharesProcess: false,
});
