export { fakeAcpCommand } from "./fake-acp/command.ts";
export { fakeClaudeCommand } from "./fake-claude/command.ts";
export { fakeCodexCommand } from "./fake-codex/command.ts";
export { fakeReplCommand } from "./fake-repl/command.ts";
export {
  claudeEnv,
  codexEnv,
  makeGeminiHome,
  makeOpencodeHome,
  writeCodexHome,
  type CodexHome,
} from "./fake-llm/homes.ts";
export type { Conversation, OfferedTool } from "./fake-llm/conversation.ts";
export type { RecordedRequest, RequestTest } from "./fake-llm/requests.ts";
export { scriptUsage, type ScriptWord } from "./fake-llm/script.ts";
export { makeFakeLlm, type FakeLlm, type FakeLlmOptions } from "./fake-llm/server.ts";
export { anthropicUsage, fakeUsage, openaiUsage } from "./fake-llm/usage.ts";
export {
  decided,
  makeRig,
  makeRigBackend,
  rigSession,
  type Rig,
  type RigOptions,
} from "./driver/rig.ts";
export { makeRigHome, rigMessages, rigTurn, rigWords, type RigHome } from "./driver/rig-home.ts";
export { generationIsOver, tooManyFiles } from "./refusals.ts";
export { noTerminals } from "./no-terminals.ts";
export { settled } from "./settled.ts";
export { startSshd, type Sshd, type SshdOptions } from "./sshd/sshd.ts";
export { failureCode, firstLine, makeHostWorld, until, type HostWorld } from "./host/world.ts";
