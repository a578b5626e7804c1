/**
 * A scripted stand-in for Claude Code 2.1.197: `node main.ts <the arguments of claude>`. It speaks the same stream-json wire
 * with the control protocol, keeps its conversations under CLAUDE_CONFIG_DIR, does what it is told with real files and
 * commands, and asks no network: what it answers are the script words of the fake LLM, and those of misbehave.ts.
 * FAKE_CLAUDE_START=silent makes one that never gets ready.
 */
import { enableCompileCache } from "node:module";

// Tests start hundreds of these: with the cache, types are stripped once.
enableCompileCache();
const { main } = await import("./serve.ts");
main(process.argv.slice(2), process.env);
