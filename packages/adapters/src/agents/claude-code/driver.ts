/** Claude Code (2.1.197): as `claude -p` with stream-json both ways, or as the TUI in a terminal. One process for each session. */
import type { AgentDriver } from "@skein/sdk";
import { makeLink } from "./link.ts";
import { outside } from "./outside.ts";
import { probe } from "./probe.ts";
import { makeTuiLink } from "./tui/link.ts";

/** Holds nothing: every session has a process of its own. */
export const makeClaudeCodeDriver = (): AgentDriver => ({
  id: "claude-code",
  title: "Claude Code",
  program: "claude",
  vendor: "anthropic",
  envPrefixes: ["ANTHROPIC_", "CLAUDE_"],
  capabilities: { steer: true, fork: true, resume: true, questions: true },
  interfaces: ["protocol", "tui"],
  probe,
  outside,
  open: (context) =>
    context.session.interface === "tui" ? makeTuiLink(context) : makeLink(context),
  close: async () => undefined,
});
