/**
 * The agents that speak ACP and are known out of the box, as data. What is not in a row the agent itself says when it is
 * asked (`initialize`): whether it can load, resume and fork, and which modes and models it has.
 */
import type { Capabilities, PermissionMode } from "@skein/contract";
import type { Json } from "./wire.ts";

export type AcpAgent = {
  /** `acp:<name>`. */
  readonly id: string;
  readonly title: string;
  /** The program that PATH is asked for when the configuration names none. */
  readonly program: string;
  /** Given after the program, and after the configured command too. */
  readonly args: readonly string[];
  readonly envPrefixes: readonly string[];
  /** What to do when it is not there. */
  readonly install: string;
  /** What to do when it has no login. */
  readonly login: string;
  /** Stands in until the agent has been asked what it can. */
  readonly capabilities: Capabilities;
  /**
   * Its own mode for each of ours, chosen where it offers it. Where there is none, our answers to what it asks are all
   * that makes the mode: so it must ask.
   */
  readonly modes?: Partial<Record<PermissionMode, string>>;
  /** Added to its environment, by mode. */
  readonly env?: Partial<Record<PermissionMode, Readonly<Record<string, string>>>>;
  /** `_meta` of our capabilities, as `initialize` tells them. */
  readonly client?: Json;
  /** `_meta` of the request that opens a session, by mode. */
  readonly meta?: Partial<Record<PermissionMode, Json>>;
  /**
   * It must not load a conversation in the clock minute in which that was begun: Gemini CLI 0.61.0 names its record by the
   * minute, begins a new one when it loads, and so empties the old.
   */
  readonly loadsInAnotherMinute?: boolean;
  /**
   * Of one that ends the turn without a word when a prompt begins with a slash and is none of its commands (a path, say): the
   * commands that it has beside those it lists.
   */
  readonly unlistedCommands?: readonly string[];
  /** Whether its cost goes on where an earlier process of the same conversation left off. */
  readonly costOfConversation?: boolean;
};

const can = (fork: boolean): Capabilities => ({
  steer: false,
  fork,
  resume: true,
  questions: false,
});

/**
 * opencode 1.18.33 allows everything that its configuration does not restrict; this is laid over it. A project's own
 * opencode.json is not read: servers that it names would start unasked. (Plugins in a project's .opencode/ still run.)
 */
const opencodeRules = (edit: string, rest: string): Readonly<Record<string, string>> => ({
  OPENCODE_DISABLE_PROJECT_CONFIG: "1",
  OPENCODE_PERMISSION: JSON.stringify({
    edit,
    bash: rest,
    webfetch: rest === "deny" ? "allow" : rest,
    external_directory: rest,
    doom_loop: rest,
  }),
});

/**
 * claude-agent-acp 0.49.0 hands `_meta.claudeCode.options` to its SDK. A project's own settings are not read: their hooks and
 * servers would start unasked.
 */
const claudeOptions = (more: Json = {}): Json => ({
  claudeCode: {
    options: {
      settingSources: ["user"],
      strictMcpConfig: true,
      disallowedTools: ["EnterWorktree", "ExitWorktree"],
      ...more,
    },
  },
});

const claudeLooks = ["Read", "Glob", "Grep", "WebFetch", "WebSearch", "Task", "TodoWrite", "Skill"];

/** codex-acp 2.6.0 would have the model guess, after each turn, what the person says next: asked and paid for by nobody. */
const codexQuiet = { CODEX_ACP_PROMPT_SUGGESTIONS: "false" };

export const ACP_AGENTS: readonly AcpAgent[] = [
  {
    id: "acp:gemini",
    title: "Gemini CLI",
    program: "gemini",
    args: ["--acp", "--skip-trust"],
    envPrefixes: ["GEMINI_", "GOOGLE_"],
    install:
      "Install it with `npm install -g @google/gemini-cli`, or name its path in config.json5.",
    login: "Start `gemini` once and log in, or set GEMINI_API_KEY.",
    capabilities: can(false),
    modes: { "read-only": "plan", guarded: "default", workspace: "default", full: "default" },
    loadsInAnotherMinute: true,
  },
  {
    id: "acp:opencode",
    title: "opencode",
    program: "opencode",
    args: ["acp"],
    envPrefixes: ["OPENCODE_", "ANTHROPIC_", "OPENAI_", "OPENROUTER_", "GEMINI_", "GOOGLE_"],
    install: "Install it with `npm install -g opencode-ai`, or name its path in config.json5.",
    login: "Log in with `opencode auth login`, or set a provider in opencode.json.",
    capabilities: can(true),
    modes: { "read-only": "plan", guarded: "build", workspace: "build", full: "build" },
    env: {
      "read-only": opencodeRules("deny", "deny"),
      guarded: opencodeRules("ask", "ask"),
      workspace: opencodeRules("ask", "ask"),
      full: opencodeRules("allow", "allow"),
    },
    // 1.18.33: nothing is recorded of such a prompt, and nobody is told.
    unlistedCommands: ["compact"],
    costOfConversation: true,
  },
  {
    id: "acp:claude",
    title: "Claude Code over ACP",
    program: "claude-agent-acp",
    args: [],
    envPrefixes: ["ANTHROPIC_", "CLAUDE_"],
    install:
      "Install it with `npm install -g @agentclientprotocol/claude-agent-acp`, or name its path in config.json5.",
    login: "Log in: start `claude` and type /login, or set ANTHROPIC_API_KEY.",
    capabilities: can(true),
    modes: { "read-only": "default", guarded: "default", workspace: "default", full: "default" },
    meta: {
      "read-only": claudeOptions({ tools: claudeLooks }),
      guarded: claudeOptions(),
      workspace: claudeOptions(),
      full: claudeOptions(),
    },
  },
  {
    id: "acp:codex",
    title: "Codex over ACP",
    program: "codex-acp",
    args: [],
    envPrefixes: ["CODEX_", "OPENAI_"],
    install:
      "Install it with `npm install -g @agentclientprotocol/codex-acp`, or name its path in config.json5.",
    // A key in the environment alone is no login to codex-acp 2.6.0.
    login: "Log in with `codex-acp cli login`, or with `codex login`.",
    capabilities: can(true),
    // Else a turn that failed is told as one that went well, with the failure as its answer.
    client: {
      terminal_output_delta: true,
      jetbrains: { air: { version: 1, capabilities: ["sessionFailure"] } },
    },
    // As 2.6.0 names them. In `agent`, which it begins with, a model says yes in the person's place: it is always left.
    modes: {
      "read-only": "read-only",
      guarded: "read-only",
      workspace: "workspace-write",
      full: "agent-full-access",
    },
    env: {
      "read-only": codexQuiet,
      guarded: codexQuiet,
      workspace: codexQuiet,
      full: codexQuiet,
    },
  },
];

/** One that only the configuration knows: nothing is taken for granted but that it can go on with a conversation. */
export const configuredAgent = (id: string): AcpAgent => ({
  id,
  title: id.slice("acp:".length),
  program: id.slice("acp:".length),
  args: [],
  envPrefixes: [],
  install: `Correct backends["${id}"].command in config.json5.`,
  login: "Log in to it as its own documentation says.",
  capabilities: can(false),
});
