import { fileURLToPath } from "node:url";

/** How to start the scripted ACP agent: program and leading arguments, as the configuration takes them. */
export const fakeAcpCommand: readonly [string, string] = [
  process.execPath,
  fileURLToPath(new URL("./main.ts", import.meta.url)),
];
