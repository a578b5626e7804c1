/** The command line of Claude Code (2.1.197), as far as Skein uses it. */
import { parseArgs } from "node:util";

const options = {
  print: { type: "boolean", short: "p" },
  version: { type: "boolean", short: "v" },
  verbose: { type: "boolean" },
  "output-format": { type: "string" },
  "input-format": { type: "string" },
  "permission-prompt-tool": { type: "string" },
  "include-partial-messages": { type: "boolean" },
  "replay-user-messages": { type: "boolean" },
  "setting-sources": { type: "string" },
  settings: { type: "string" },
  "strict-mcp-config": { type: "boolean" },
  "mcp-config": { type: "string" },
  "no-session-persistence": { type: "boolean" },
  "add-dir": { type: "string" },
  "append-system-prompt": { type: "string" },
  tools: { type: "string" },
  allowedTools: { type: "string" },
  disallowedTools: { type: "string" },
  "permission-mode": { type: "string" },
  model: { type: "string" },
  effort: { type: "string" },
  "session-id": { type: "string" },
  resume: { type: "string", short: "r" },
  "fork-session": { type: "boolean" },
} as const;

export type Env = Readonly<Record<string, string | undefined>>;
export type Flags = ReturnType<typeof parse>;

const parse = (argv: readonly string[]) => parseArgs({ args: [...argv], options }).values;

const modes = ["acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "plan"];
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Rejects with the sentence that the real one prints before it exits with 1. */
export const readFlags = (argv: readonly string[], env: Env): Flags => {
  let flags: Flags;
  try {
    flags = parse(argv);
  } catch (error) {
    throw new Error(`error: ${(error as Error).message}`, { cause: error });
  }
  const { "session-id": session, resume, "fork-session": fork } = flags;
  const mode = flags["permission-mode"];
  if (mode !== undefined && !modes.includes(mode))
    throw new Error(
      `error: option '--permission-mode <mode>' argument '${mode}' is invalid. Allowed choices are ${modes.join(", ")}.`,
    );
  if (session !== undefined && !uuid.test(session))
    throw new Error("Error: Invalid session ID. Must be a valid UUID.");
  if (session !== undefined && resume !== undefined && !fork)
    throw new Error(
      "Error: --session-id can only be used with --continue or --resume if --fork-session is also specified.",
    );
  const isRoot = process.getuid?.() === 0;
  if (mode === "bypassPermissions" && isRoot && env["IS_SANDBOX"] !== "1")
    throw new Error(
      "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons",
    );
  return flags;
};
