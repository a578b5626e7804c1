import { fileURLToPath } from "node:url";

/** How to start the stand-in for Claude Code: program and leading arguments, as the configuration takes them. */
export const fakeClaudeCommand: readonly [string, string] = [
  process.execPath,
  fileURLToPath(new URL("./main.ts", import.meta.url)),
];
