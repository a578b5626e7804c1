/**
 * Terminals: held by tmux, alive whatever becomes of the daemon. Their bytes go over a WebSocket of their own
 * (`/api/terminals/{terminal}`, see terminal-frames.ts); these operations are for all the rest.
 */
import { z } from "zod";
import { HostName } from "./host-name.ts";
import { LIMITS } from "./limits.ts";
import { operation } from "./operation.ts";
import { Argument, ClientId, Instant, SessionId, SessionRef, TerminalId } from "./primitives.ts";

export const TerminalSize = {
  columns: z.int().min(2).max(LIMITS.terminalColumns),
  rows: z.int().min(2).max(LIMITS.terminalRows),
};

export const Terminal = z.object({
  id: TerminalId,
  host: HostName,
  folder: z.string(),
  session: SessionId.nullable().describe("Whose terminal it is; null: it stands alone"),
  runs: z.enum(["shell", "agent", "program"]),
  argv: z.array(z.string()).describe("Empty: the login's own shell"),
  title: z.string().nullable().describe("As its program set it; text, whatever it looks like"),
  columns: z.int(),
  rows: z.int(),
  state: z
    .enum(["running", "ended", "gone", "unknown"])
    .describe(
      "ended: its program ended, what it showed is kept. gone: tmux holds it no longer. unknown: tmux or the host does not answer",
    ),
  exitCode: z.int().nullable(),
  viewers: z.int().describe("Clients that are attached now"),
  createdAt: Instant,
  closedAt: Instant.nullable(),
});
export type Terminal = z.infer<typeof Terminal>;

export const TerminalRef = z
  .string()
  .min(1)
  .max(128)
  .describe("A terminal's id, or the id or name of the session that it belongs to");

const terminal = { terminal: TerminalRef };
const view = z.object({ terminal: Terminal });
const clientId = { clientId: ClientId.optional() };
const example = { terminal: "fizz-top" };

export const terminalOperations = {
  "terminals.open": operation({
    name: "terminals.open",
    summary:
      "Open a terminal: a session's own (the agent's, where it runs in one, else a shell in its folder), or one that stands alone",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/terminals" },
    input: z.strictObject({
      session: SessionRef.optional().describe("Its terminal; the same one each time"),
      host: HostName.optional().describe("Without `session`; default: local"),
      folder: z
        .string()
        .min(1)
        .max(4_096)
        .optional()
        .describe("Without `session`: an absolute path; default: the login's home"),
      argv: z
        .array(Argument)
        .max(LIMITS.arguments)
        .optional()
        .describe("Without `session`: program and arguments; default: the login's shell"),
      columns: TerminalSize.columns.default(120),
      rows: TerminalSize.rows.default(40),
      ...clientId,
    }),
    output: view,
    errors: [
      "session_not_found",
      "session_deleted",
      "terminal_unavailable",
      "too_many_terminals",
      "folder_not_found",
      "folder_not_directory",
      "backend_not_installed",
      "host_unknown",
      "host_unreachable",
    ],
    tool: false,
    example: { session: "fizz-top" },
  }),
  "terminals.list": operation({
    name: "terminals.list",
    summary: "Terminals that are not closed, newest first",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/terminals" },
    input: z.strictObject({ host: HostName.optional(), session: SessionRef.optional() }),
    output: z.object({ terminals: z.array(Terminal) }),
    errors: ["session_not_found"],
    tool: true,
    example: {},
  }),
  "terminals.screen": operation({
    name: "terminals.screen",
    summary: "What a terminal shows now, as text",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/terminals/{terminal}/screen" },
    input: z.strictObject({
      ...terminal,
      history: z.int().min(0).max(LIMITS.terminalHistory).default(0).describe("Lines before it"),
    }),
    output: z.object({
      terminal: Terminal,
      lines: z.array(z.string()),
      history: z.int().describe("How many of the lines are scrollback"),
      cursor: z.object({ column: z.int(), row: z.int() }),
    }),
    errors: ["terminal_not_found", "terminal_unavailable", "host_unreachable"],
    tool: true,
    example,
  }),
  "terminals.type": operation({
    name: "terminals.type",
    summary: "Type text into a terminal, literally, and press Enter if asked to",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/terminals/{terminal}/type" },
    input: z.strictObject({
      ...terminal,
      text: z.string(),
      enter: z.boolean().default(false),
      ...clientId,
    }),
    output: z.object({ typed: z.int().describe("Bytes") }),
    errors: [
      "terminal_not_found",
      "terminal_unavailable",
      "host_unreachable",
      "prompt_too_large",
      "prompt_is_binary",
    ],
    tool: false,
    example: { terminal: "fizz-top", text: "git status", enter: true },
  }),
  "terminals.close": operation({
    name: "terminals.close",
    summary:
      "End what runs in a terminal, and the terminal; one in which a session's agent runs ends with that",
    kind: "write",
    scope: "operator.write",
    http: { method: "DELETE", path: "/api/terminals/{terminal}" },
    input: z.strictObject({ ...terminal, ...clientId }),
    output: view,
    errors: ["terminal_not_found", "terminal_unavailable", "terminal_of_agent", "host_unreachable"],
    tool: false,
    example,
  }),
};
