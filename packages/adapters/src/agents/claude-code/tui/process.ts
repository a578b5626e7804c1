/** How the TUI (2.1.197) is started in the session's terminal. */
import { terminalOf, type SessionContext, type TerminalLook } from "@skein/sdk";
import { modeEnv, modeFlags } from "../modes.ts";
import { choice, conversationFlags, isRoot, type Conversation } from "../process.ts";
import { preseed } from "./preseed.ts";
import { hookScript, scriptFile, settingsFile, settingsOf } from "./spool.ts";

/** What a terminal has until someone attaches to it. */
const size = { columns: 140, rows: 45 };

const argvOf = (
  command: readonly [string, ...string[]],
  { session, backend }: SessionContext,
  conversation: Conversation,
  spool: string,
): readonly [string, ...string[]] => [
  ...command,
  "--settings",
  settingsFile(spool),
  ...modeFlags(session.permissions, backend.home),
  ...choice("--model", session.model),
  ...choice("--effort", session.effort),
  ...conversationFlags(conversation),
];

/** The folder as the kernel calls it: by that name the CLI asks whether it is trusted. */
export const realFolder = async ({ session, backend }: SessionContext): Promise<string> => {
  const { host, env, timing } = backend;
  // That it is not there is said by whoever starts something in it.
  if ((await host.folder(session.folder)) !== "directory") return session.folder;
  const options = { env, folder: session.folder, timeoutMs: timing.startMs };
  const told = await host.run(["pwd", "-P"], options);
  const path = told.stdout.replace(/\n$/, "");
  return told.exitCode === 0 && path.startsWith("/") ? path : session.folder;
};

/** Rejects with the host's AdapterFailure; nothing runs then. */
export const startProcess = async (
  context: SessionContext,
  command: readonly [string, ...string[]],
  conversation: Conversation,
  spool: string,
): Promise<TerminalLook> => {
  const { session, generation, backend } = context;
  const { files } = backend.host;
  const bypasses = session.permissions === "full";
  const asRoot = bypasses && (await isRoot(context));
  await preseed(backend, await realFolder(context));
  await files.write(scriptFile(spool), hookScript, 0o700);
  await files.write(settingsFile(spool), JSON.stringify(settingsOf(spool, bypasses)), 0o600);
  return backend.terminals.open({
    id: terminalOf(session.id),
    argv: argvOf(command, context, conversation, spool),
    env: modeEnv(backend.env, session.permissions, asRoot),
    folder: session.folder,
    owner: { session: session.id, generation },
    ...size,
  });
};
