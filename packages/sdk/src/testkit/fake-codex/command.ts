import { fileURLToPath } from "node:url";

/** Program and first argument that start the fake Codex: what `backends.codex.command` would name. */
export const fakeCodexCommand: readonly [string, string] = [
  process.execPath,
  fileURLToPath(new URL("main.ts", import.meta.url)),
];
