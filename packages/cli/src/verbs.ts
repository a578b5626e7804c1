/** Every verb, in the order of the help. Each file is loaded only when one of its verbs runs. */
import type { Verb } from "./verb.ts";

export type Entry = {
  readonly summary: string;
  readonly group: "Daemon" | "Sessions" | "Conversation" | "Decisions" | "Looking" | "Tools";
  readonly load: () => Promise<Verb>;
};

const daemon = () => import("./verbs/daemon.ts");
const sessions = () => import("./verbs/sessions.ts");
const process = () => import("./verbs/process.ts");
const create = () => import("./verbs/create.ts");
const look = () => import("./verbs/look.ts");
const approvals = () => import("./verbs/approvals.ts");
const figures = () => import("./verbs/figures.ts");

export const VERBS: Readonly<Record<string, Entry>> = {
  up: {
    summary: "Start the daemon, here or in the background",
    group: "Daemon",
    load: async () => (await import("./verbs/up.ts")).up,
  },
  down: {
    summary: "Stop the daemon; agents go on without it",
    group: "Daemon",
    load: async () => (await daemon()).down,
  },
  status: {
    summary: "How the daemon fares, or one session",
    group: "Daemon",
    load: async () => (await daemon()).status,
  },
  login: {
    summary: "Print a fresh one-time link that logs a browser in",
    group: "Daemon",
    load: async () => (await daemon()).login,
  },
  doctor: {
    summary: "Check this machine and the daemon, and say how to repair what is wrong",
    group: "Daemon",
    load: async () => (await import("./verbs/doctor.ts")).doctor,
  },
  service: {
    summary: "Start the daemon at login, by systemd or launchd",
    group: "Daemon",
    load: async () => (await import("./verbs/autostart.ts")).autostart,
  },
  gateway: {
    summary: "Let programs in a sandbox use the daemon, each with its own token",
    group: "Daemon",
    load: async () => (await import("./verbs/gateway.ts")).gateway,
  },
  create: {
    summary: "Create a session and start its agent",
    group: "Sessions",
    load: async () => (await create()).create,
  },
  list: {
    summary: "List the sessions with what they do and why",
    group: "Sessions",
    load: async () => (await import("./verbs/list.ts")).list,
  },
  inspect: {
    summary: "Show all that is known about one session",
    group: "Sessions",
    load: async () => (await look()).inspect,
  },
  rename: {
    summary: "Change a session's name, description or tags",
    group: "Sessions",
    load: async () => (await sessions()).rename,
  },
  fork: {
    summary: "Create a session that begins with a copy of another's conversation",
    group: "Sessions",
    load: async () => (await create()).fork,
  },
  interrupt: {
    summary: "Stop the turn in progress; the agent stays",
    group: "Sessions",
    load: async () => (await process()).interrupt,
  },
  stop: {
    summary: "End the agent's process; the session can be resumed",
    group: "Sessions",
    load: async () => (await process()).stop,
  },
  resume: {
    summary: "Start the agent's process again, with the same conversation",
    group: "Sessions",
    load: async () => (await process()).resume,
  },
  kill: {
    summary: "End agents at once and take their sessions off the list",
    group: "Sessions",
    load: async () => (await sessions()).kill,
  },
  outside: {
    summary: "Conversations begun with an agent's own program: list them, watch one",
    group: "Sessions",
    load: async () => (await import("./verbs/outside.ts")).outside,
  },
  adopt: {
    summary: "Go on with such a conversation as a session",
    group: "Sessions",
    load: async () => (await import("./verbs/outside.ts")).adopt,
  },
  attach: {
    summary: "Show a session's terminal in this window, and type into it",
    group: "Sessions",
    load: async () => (await import("./verbs/attach.ts")).attach,
  },
  terminal: {
    summary: "Open, list, read, type into and close terminals",
    group: "Sessions",
    load: async () => (await import("./verbs/terminal.ts")).terminal,
  },
  send: {
    summary: "Give an agent a prompt and return at once",
    group: "Conversation",
    load: async () => (await import("./verbs/send.ts")).send,
  },
  ask: {
    summary: "Send a prompt, wait for the turn to end, print the answer",
    group: "Conversation",
    load: async () => (await import("./verbs/ask.ts")).ask,
  },
  wait: {
    summary: "Wait until sessions are done, or one needs a person",
    group: "Conversation",
    load: async () => (await import("./verbs/wait.ts")).wait,
  },
  goal: {
    summary: "Give a session a goal that it works towards by itself, show it, pause it, resume it",
    group: "Conversation",
    load: async () => (await import("./verbs/goal.ts")).goal,
  },
  "last-message": {
    summary: "Print the agent's newest message",
    group: "Conversation",
    load: async () => (await look()).lastMessage,
  },
  logs: {
    summary: "Print what happened in a session, and follow it",
    group: "Conversation",
    load: async () => (await import("./verbs/logs.ts")).logs,
  },
  approvals: {
    summary: "List what agents ask and nobody has answered",
    group: "Decisions",
    load: async () => (await approvals()).approvals,
  },
  respond: {
    summary: "Allow, always allow, deny or answer what an agent asks",
    group: "Decisions",
    load: async () => (await approvals()).respond,
  },
  approve: {
    summary: "Allow once what an agent asks",
    group: "Decisions",
    load: async () => (await approvals()).approve,
  },
  deny: {
    summary: "Deny what an agent asks, and say why",
    group: "Decisions",
    load: async () => (await approvals()).deny,
  },
  usage: {
    summary: "Tokens and cost, of one session or of all",
    group: "Looking",
    load: async () => (await figures()).usage,
  },
  backends: {
    summary: "The agents that can run here, with version, login and models",
    group: "Looking",
    load: async () => (await figures()).backends,
  },
  acp: {
    summary: "Be an agent that editors can open, over the Agent Client Protocol",
    group: "Tools",
    load: async () => (await import("./verbs/acp.ts")).acp,
  },
  host: {
    summary: "Add, list, check and remove the machines that sessions run on",
    group: "Tools",
    load: async () => (await import("./verbs/host.ts")).host,
  },
  token: {
    summary: "Create, list and revoke tokens for programs elsewhere",
    group: "Tools",
    load: async () => (await import("./verbs/token.ts")).token,
  },
  call: {
    summary: "Call any operation of the contract by its name",
    group: "Tools",
    load: async () => (await import("./verbs/call.ts")).call,
  },
  "install-skill": {
    summary: "Teach Claude Code and Codex to use skein, by skills",
    group: "Tools",
    load: async () => (await import("./verbs/install-skill.ts")).installSkill,
  },
  completion: {
    summary: "Print the completion script of a shell",
    group: "Tools",
    load: async () => (await import("./verbs/completion.ts")).makeCompletion(VERBS),
  },
};
