/** How a Claude Code (2.1.197) is started, and what its refusals to start mean. */
import type { Detached, SessionContext } from "@skein/sdk";
import type { Second } from "../lines/starting.ts";
import { uuidOf } from "./frames.ts";
import { modeEnv, modeFlags } from "./modes.ts";

/** The conversation that a process serves: a new one, an old one, or a copy of an old one. */
export type Conversation =
  | { readonly how: "new"; readonly id: string }
  | { readonly how: "resume"; readonly id: string }
  | { readonly how: "fork"; readonly id: string; readonly from: string };

const ownId = (session: string): string => uuidOf(`session/${session}`);

/** Named after the session, so that a start that is repeated after a crash does not make a second one. */
export const conversationOf = ({ session, how }: SessionContext): Conversation => {
  if (how === "resume" && session.providerSessionId !== null)
    return { how, id: session.providerSessionId };
  if (how === "fork" && session.forkFrom !== null)
    return { how, id: ownId(session.id), from: session.forkFrom };
  return { how: "new", id: ownId(session.id) };
};

/** What the conversation will be called once there are words in it; null: there are. */
export const reservedOf = (context: SessionContext): string | null => {
  const conversation = conversationOf(context);
  return conversation.how === "resume" ? null : conversation.id;
};

export const conversationFlags = (conversation: Conversation): readonly string[] => {
  switch (conversation.how) {
    case "new":
      return ["--session-id", conversation.id];
    case "resume":
      return ["--resume", conversation.id];
    case "fork":
      return ["--resume", conversation.from, "--fork-session", "--session-id", conversation.id];
  }
};

/** It speaks in lines of JSON. */
export const streamFlags = [
  "-p",
  "--output-format",
  "stream-json",
  "--input-format",
  "stream-json",
  "--verbose",
];

const wireFlags = [
  ...streamFlags,
  "--permission-prompt-tool",
  "stdio",
  "--include-partial-messages",
  "--replay-user-messages",
];

/** A value that begins with `-` would be read as a flag: it is joined to its own with `=`. */
export const choice = (flag: string, value: string | null): readonly string[] =>
  value === null ? [] : [`${flag}=${value}`];

export const argvOf = (
  command: readonly [string, ...string[]],
  context: SessionContext,
  conversation: Conversation,
): readonly [string, ...string[]] => [
  ...command,
  ...wireFlags,
  ...modeFlags(context.session.permissions, context.backend.home),
  ...choice("--model", context.session.model),
  ...choice("--effort", context.session.effort),
  ...conversationFlags(conversation),
];

export const isRoot = async ({ backend }: SessionContext): Promise<boolean> => {
  const { host, env } = backend;
  const result = await host.run(["id", "-u"], { env, timeoutMs: backend.timing.startMs });
  return result.stdout.trim() === "0";
};

/** Rejects with the host's AdapterFailure. */
export const startProcess = async (
  context: SessionContext,
  command: readonly [string, ...string[]],
  conversation: Conversation,
): Promise<Detached> => {
  const { session, generation, dir, backend } = context;
  const asRoot = session.permissions === "full" && (await isRoot(context));
  return backend.host.start({
    dir,
    argv: argvOf(command, context, conversation),
    env: modeEnv(backend.env, session.permissions, asRoot),
    folder: session.folder,
    owner: { session: session.id, generation },
  });
};

export type Refusal = { readonly message: string; readonly remedy: string };

export const notInstalled: Refusal = {
  message: "Claude Code is not installed, or not on PATH.",
  remedy:
    "Install it with `npm install -g @anthropic-ai/claude-code`, or name its path in config.json5.",
};

const noSuch = /No conversation found with session ID/;
const inUse = /Session ID \S+ is already in use/;

/**
 * A process that is killed in the first 100 ms of a conversation leaves no transcript, and one that is killed later may leave
 * one that we were not told of: the other way in is tried, once.
 */
export const secondTry = (
  conversation: Conversation,
  stderr: string,
): Second<Conversation> | null => {
  const { id } = conversation;
  if (conversation.how === "resume" && noSuch.test(stderr)) {
    const warning =
      `Claude Code has no conversation ${id} in this folder, so it began a new one: ` +
      "the agent remembers nothing of what was said before.";
    return { conversation: { how: "new", id }, warning };
  }
  if (conversation.how !== "resume" && inUse.test(stderr))
    return { conversation: { how: "resume", id }, warning: null };
  return null;
};

export const refusalOf = (
  conversation: Conversation,
  stderr: string,
  exitCode: number | null,
): Refusal => {
  const said = stderr.trim().split("\n").slice(-3).join(" ").slice(0, 500);
  if (inUse.test(stderr))
    return {
      message: `Claude Code says that the conversation ${conversation.id} is already in use.`,
      remedy: "End the other Claude Code that has it open, or fork the session.",
    };
  if (noSuch.test(stderr))
    return {
      message: "Claude Code has no record of the conversation to copy in this folder.",
      remedy: "Conversations belong to the folder they began in; create a new session there.",
    };
  if (/cannot be used with root/.test(stderr))
    return {
      message: "Claude Code refuses to run as root without asking for permissions.",
      remedy: "Run Skein as another user, or set IS_SANDBOX=1 for this backend in config.json5.",
    };
  const code = exitCode === null ? "" : ` with exit code ${exitCode}`;
  return {
    message: `Claude Code ended${code} before it was ready${said === "" ? "." : `: ${said}`}`,
    remedy: "Run `skein doctor`, or start `claude` by hand in that folder to see what it says.",
  };
};
