/**
 * tmux of one host, on a socket of Skein's own. What it answers is one of three: it did it; what was asked for is not there
 * (no tmux, no server, no such session: dead); or nobody knows (slow, stopped, host out of reach). Every call has an end.
 */
import { posix } from "node:path";
import { LIMITS } from "@skein/contract";
import {
  SYSTEM_PATH,
  findTmux,
  isAdapterFailure,
  type AdapterFailure,
  type Host,
  type Pipe,
  type RunResult,
} from "@skein/sdk";
import { clearClients, clientMarks } from "./clients.ts";
import { ENDS, tmuxConfig } from "./config.ts";
import { noAnswer, noTmux, pathTooLong, tmuxRefused } from "./failures.ts";

export type Answer =
  | { readonly is: "done"; readonly out: string }
  /** `words`: tmux's own, where it said why. */
  | { readonly is: "absent"; readonly words?: string }
  | { readonly is: "unknown"; readonly failure: AdapterFailure };

type RunOptions = { readonly input?: string; readonly maxBytes?: number };

export type Tmux = {
  readonly host: Host;
  run(args: readonly string[], options?: RunOptions): Promise<Answer>;
  /** Several, in one go and one call: no other client's command comes between them. One that fails ends the list. */
  commands(commands: readonly (readonly string[])[], options?: RunOptions): Promise<Answer>;
  /** An attached client, which never starts a server. Rejects with an AdapterFailure. */
  open(args: readonly string[]): Promise<Pipe>;
  /** Sees to it that a server runs with our configuration. Rejects with an AdapterFailure. */
  ready(): Promise<void>;
  /** TERM of what runs in it; known after `ready`. */
  terminal(): string;
};

const CALL_MS = 4_000;
/** The server inherits it, so nothing of an owner may stand here. */
const ENV = { PATH: SYSTEM_PATH };
const TERMINALS = ["tmux-256color", "screen-256color"] as const;

/** tmux's words (3.2 to 3.6) for what is not there. All else that goes wrong says nothing about that. */
const ABSENT =
  /^(?:no server running on |error connecting to .*\((?:No such file or directory|Connection refused)\)|can't find (?:session|window|pane)|no sessions|no current )/m;

const readAnswer = (host: Host, result: RunResult): Answer => {
  if (result.timedOut) return { is: "unknown", failure: noAnswer(host.id) };
  if (result.exitCode === 0) return { is: "done", out: result.stdout };
  if (ABSENT.test(result.stderr)) return { is: "absent", words: result.stderr };
  return {
    is: "unknown",
    failure: result.exitCode === null ? noAnswer(host.id) : tmuxRefused(host.id, result.stderr),
  };
};

const asFailure = (host: Host, error: unknown): AdapterFailure =>
  isAdapterFailure(error) ? error : noAnswer(host.id, error);

/** The program is looked for until it is found once. */
const makeProgram = (host: Host) => {
  let found: string | null = null;
  return async (): Promise<string | null> => {
    found ??= await findTmux(host);
    return found;
  };
};

const chooseTerminal = async (host: Host): Promise<string> => {
  for (const name of TERMINALS) {
    const known = await host
      .run(["infocmp", name], { env: ENV, timeoutMs: CALL_MS })
      .catch(() => null);
    if (known?.exitCode === 0) return name;
  }
  return TERMINALS[1];
};

export const makeTmux = (host: Host): Tmux => {
  const socket = posix.join(host.home, "run", "tmux");
  const config = posix.join(host.home, "run", "tmux.conf");
  const program = makeProgram(host);
  let configured: Promise<string> | null = null;
  let terminal: string = TERMINALS[1];

  /** A server's socket stands there though no tmux is found (the login's PATH could not be learned): it may well run. */
  const withoutProgram = async (): Promise<Answer> => {
    const entries = (await host.files.list(posix.dirname(socket))) ?? [];
    return entries.some(({ name }) => name === posix.basename(socket))
      ? { is: "unknown", failure: noTmux(host.id) }
      : { is: "absent" };
  };

  const argv = async (args: readonly string[]): Promise<[string, ...string[]] | null> => {
    const tmux = await program();
    return tmux === null ? null : [tmux, "-u", "-S", socket, "-f", config, ...args];
  };

  const run: Tmux["run"] = async (args, { input, maxBytes } = {}) => {
    try {
      const command = await argv(args);
      if (command === null) return await withoutProgram();
      const result = await host.run(command, {
        env: ENV,
        timeoutMs: CALL_MS,
        ...(input === undefined ? {} : { input }),
        ...(maxBytes === undefined ? {} : { maxBytes }),
      });
      return readAnswer(host, result);
    } catch (error) {
      return { is: "unknown", failure: asFailure(host, error) };
    }
  };

  const configure = async (): Promise<string> => {
    if (Buffer.byteLength(socket) > LIMITS.socketPathBytes) throw pathTooLong(socket);
    if ((await program()) === null) throw noTmux(host.id);
    const name = await chooseTerminal(host);
    // One that cannot be ended is told by whoever it is in the way of.
    await clearClients(host).catch(() => 0);
    await host.files.write(config, tmuxConfig(name), 0o600);
    // A server that an earlier daemon started gets this daemon's configuration too; one that is started later reads it itself.
    // And clients that waited for a daemon that was killed (bell.ts) end.
    const signal = [";", "wait-for", "-S", ENDS];
    const answer = await run(["start-server", ";", "source-file", config, ...signal]);
    if (answer.is === "unknown") throw answer.failure;
    return name;
  };

  return {
    host,
    run,
    commands: (commands, options) =>
      run(
        commands.flatMap((args, at) => (at === 0 ? args : [";", ...args])),
        options,
      ),
    open: async (args) => {
      // -N: a server that it started would carry its marks, and end with it.
      const command = await argv(["-N", ...args]);
      if (command === null) throw noTmux(host.id);
      return host.open(command, { env: { ...ENV, ...clientMarks(host.home) } });
    },
    ready: async () => {
      configured ??= configure().catch((error: unknown) => {
        configured = null;
        throw error;
      });
      terminal = await configured;
    },
    terminal: () => terminal,
  };
};
