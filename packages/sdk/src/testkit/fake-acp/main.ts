/**
 * A scripted agent that speaks the Agent Client Protocol (version 1) as gemini, opencode and claude-agent-acp were seen to speak
 * it: `node main.ts`. It keeps its conversations under FAKE_ACP_HOME, does what it is told with real files and commands, and
 * asks no network: what it answers are the script words of the fake LLM, and those of misbehave.ts.
 *
 * FAKE_ACP_CAN lists what it can (`load,resume,fork`; default `load,fork`). FAKE_ACP_START makes one that does not get ready:
 * `silent`, `garbage`, `version`, `login`, `dies`, `refuses`.
 */
import { enableCompileCache } from "node:module";

// Tests start dozens of these: with the cache, types are stripped once.
enableCompileCache();
const { main } = await import("./serve.ts");
main(process.env);
