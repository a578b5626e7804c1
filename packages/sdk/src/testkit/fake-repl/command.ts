import { fileURLToPath } from "node:url";

/** How to start the scripted program for terminals: it reads lines as a shell does, and understands the fake LLM's script words. */
export const fakeReplCommand: readonly [string, string] = [
  process.execPath,
  fileURLToPath(new URL("./main.ts", import.meta.url)),
];
