export { fakeClaudeCommand } from "./fake-claude/command.ts";
export { fakeCodexCommand } from "./fake-codex/command.ts";
export { claudeEnv, codexEnv, writeCodexHome, type CodexHome } from "./fake-llm/homes.ts";
export type { Conversation, OfferedTool } from "./fake-llm/conversation.ts";
export type { RecordedRequest, RequestTest } from "./fake-llm/requests.ts";
export { scriptUsage, type ScriptWord } from "./fake-llm/script.ts";
export { makeFakeLlm, type FakeLlm, type FakeLlmOptions } from "./fake-llm/server.ts";
export { anthropicUsage, fakeUsage, openaiUsage } from "./fake-llm/usage.ts";
export { generationIsOver, tooManyFiles } from "./refusals.ts";
