/**
 * Our four permission modes in the flags of Claude Code 2.1.197, each proven on the real CLI (tests/agents).
 *
 * Settings that lie in the folder are never read (`--setting-sources user`): with -p no trust is asked for, so a repository's
 * .claude/settings.json could choose bypassPermissions and its hooks, and the servers of its .mcp.json, ran at once when it was tried.
 * The person's own settings (login, model, their allow and deny rules, hooks, MCP servers, CLAUDE.md) stay: they are theirs.
 * `--permission-mode` is always given, because it wins over a `defaultMode` in any settings. What would be lost with the
 * folder's settings and does no harm, its CLAUDE.md, comes back through --add-dir with
 * CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD=1; its skills, commands, agents and CLAUDE.local.md do not.
 */
import type { PermissionMode } from "@skein/contract";

const always = ["--setting-sources", "user", "--add-dir", "."];

/**
 * Worktree tools move the session to another folder, unasked; a conversation can only be resumed from the folder it began in.
 * And no file tool writes into the state folder, also where that lies in the session's own: its configuration names programs,
 * and its FIFOs are the stdin of agents.
 */
const never = (home: string): readonly string[] => [
  "--disallowedTools",
  `EnterWorktree,ExitWorktree,Edit(/${home}/**)`,
];

/** An allow-list: what a new version of the CLI adds is not there until someone has looked at it. */
const lookingTools = [
  "Read",
  "Glob",
  "Grep",
  "WebFetch",
  "WebSearch",
  "AskUserQuestion",
  "Task",
  "TaskCreate",
  "TaskGet",
  "TaskList",
  "TaskUpdate",
  "TodoWrite",
  "Skill",
];

const readOnlyNote =
  "This session is read-only: you can look at files but neither change them nor run commands. " +
  "Where a change is wanted, say exactly what you would change instead.";

const flags: Record<PermissionMode, readonly string[]> = {
  // The tools that change or run are not even offered, to subagents neither: no rule or hook can let them pass.
  "read-only": [
    "--permission-mode",
    "default",
    "--tools",
    lookingTools.join(","),
    "--append-system-prompt",
    readOnlyNote,
  ],
  guarded: ["--permission-mode", "default"],
  // Not acceptEdits: that also runs rm, mv, sed -i unasked. The rule holds for Edit, Write and NotebookEdit, in the folder alone;
  // a link that leads out of it, .git, .claude, .mcp.json and shell profiles still ask.
  workspace: ["--permission-mode", "default", "--allowedTools", "Edit(./**)"],
  full: ["--permission-mode", "bypassPermissions"],
};

/** `home`: the state folder, as an absolute path. */
export const modeFlags = (mode: PermissionMode, home: string): readonly string[] => [
  ...always,
  ...never(home),
  ...flags[mode],
];

/** In read-only mode these may still be decided by a person; every other tool (MCP) is refused unasked. */
const askedInReadOnly = ["Read", "Glob", "Grep", "WebFetch", "WebSearch", "AskUserQuestion"];

export const refusesUnasked = (mode: PermissionMode, tool: string): boolean =>
  mode === "read-only" && !askedInReadOnly.includes(tool);

export const readOnlyRefusal = (tool: string): string =>
  `${tool} was refused: this session is read-only. Say what you would do with it instead.`;

/** Variables that a Claude Code sets for what it starts: a daemon begun inside one would pass them on. */
const ofAnother = [
  "CLAUDECODE",
  "CLAUDE_CODE_ENTRYPOINT",
  "CLAUDE_CODE_SESSION_ID",
  "CLAUDE_CODE_CHILD_SESSION",
  "CLAUDE_CODE_SSE_PORT",
  "CLAUDE_CODE_EXECPATH",
];

/** `isRoot`: root may only bypass permissions with IS_SANDBOX=1, which is set for nothing else. */
export const modeEnv = (
  env: Readonly<Record<string, string>>,
  mode: PermissionMode,
  isRoot: boolean,
): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !ofAnother.includes(name))),
  CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD: "1",
  // Turns that start by the agent's own clock would die with the process when the session sleeps.
  CLAUDE_CODE_DISABLE_CRON: "1",
  ...(mode === "full" && isRoot ? { IS_SANDBOX: "1" } : {}),
});
