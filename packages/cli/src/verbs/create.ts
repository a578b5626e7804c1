/** `create` and `fork`: both make a session and print its name. */
import type { PermissionMode, Session, SessionInterface } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { containerOf, withContainerOptions, type ContainerFlags } from "../container.ts";
import { EXIT, misused } from "../failure.ts";
import { folderHere } from "../folder.ts";
import { oneLine } from "../format/escape.ts";
import { agentOf, withProgramOptions, type ProgramFlags } from "../program-words.ts";
import { withProgress } from "../progress.ts";
import { collect, verb } from "../verb.ts";

type CreateFlags = ContainerFlags &
  ProgramFlags & {
    readonly path?: string;
    readonly host?: string;
    readonly description?: string;
    readonly model?: string;
    readonly effort?: string;
    readonly permissions?: PermissionMode;
    readonly interface?: SessionInterface;
    readonly name?: string;
    readonly tag?: string[];
    readonly group?: string;
    readonly parent?: string;
    readonly clientId?: string;
    readonly quiet?: boolean;
    readonly json?: boolean;
  };

export const create = verb<CreateFlags, []>({
  examples: [
    ["skein create", "Claude Code in the current folder"],
    ["skein create -p ~/shop --cli codex --permissions workspace", "Codex, edits without asking"],
    ["skein create --interface tui", "Claude Code's TUI; look in with: skein attach"],
    ["skein create --host cloud -p /srv/shop", "on another machine; see: skein host"],
    [
      "skein create --cli 'aider --model sonnet' --ready '^> $'",
      "any program; see docs/terminals.md",
    ],
    ["NAME=$(skein create -q -d 'fix the login')", "in a script: the bare name"],
  ],
  notes:
    "Permissions: read-only (looks, changes nothing), guarded (asks before it changes or runs; the\n" +
    "default), workspace (edits in its folder without asking, asks for the rest), full (never asks).",
  define: (command) =>
    withProgramOptions(withContainerOptions(command))
      .option("-p, --path <folder>", "where the agent works (default: the current folder)")
      .option("--host <name>", "where it runs; the folder is one of that machine (default: local)")
      .option("-d, --description <text>", "what the session is for")
      .option("--cli <agent>", "claude, codex, a backend's id, or a command line (default: claude)")
      .option("--model <model>", "see: skein backends")
      .option("--effort <level>", "see: skein backends")
      .addOption(
        command
          .createOption("--permissions <mode>", "what it may do without asking")
          .choices(["read-only", "guarded", "workspace", "full"]),
      )
      .addOption(
        command
          .createOption("--interface <kind>", "its machine protocol, or its TUI in a terminal")
          .choices(["protocol", "tui"]),
      )
      .option("--name <name>", "instead of a chosen one such as fizz-top")
      .option("--tag <tag>", "a tag to find it by; may be repeated", collect)
      .option("--group <name>", "a group that is sent to, waited for and ended together")
      .option("--parent <id>", "the session that creates it (default: the one this runs in)")
      .option("--client-id <key>", "run again with the same key, the same session is answered")
      .option("-q, --quiet", "print the bare name")
      .option("--json", "print the view (sessions.create)"),
  run: async (cli, flags) => {
    // As -p "$UNSET" says it; the current folder is not what was meant.
    if (flags.path === "")
      throw misused("The folder is empty.", "Give -p FOLDER, or no -p for the current folder.");
    const parent = flags.parent ?? (await ownSession(cli));
    const input = {
      folder: await folderOn(cli, flags.path, flags.host ?? LOCAL),
      ...agentOf(flags),
      clientId: flags.clientId ?? cli.key(),
      ...given(
        flags,
        "description",
        "model",
        "effort",
        "permissions",
        "interface",
        "name",
        "group",
        "host",
      ),
      ...containerOf(flags),
      ...(flags.tag === undefined ? {} : { tags: flags.tag }),
      ...(parent === undefined ? {} : { parent }),
    };
    const view = await withProgress(cli, "creating the session", () =>
      cli.call("sessions.create", input),
    );
    announce(cli, view, flags);
    return EXIT.done;
  },
});

type ForkFlags = {
  readonly name?: string;
  readonly description?: string;
  readonly clientId?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
};

export const fork = verb<ForkFlags, [session: string]>({
  examples: [["skein fork fizz-top --name try-two", "the same conversation so far, then its own"]],
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .option("--name <name>", "instead of a chosen one")
      .option("-d, --description <text>", "what the fork is for")
      .option("--client-id <key>", "run again with the same key, the same session is answered")
      .option("-q, --quiet", "print the bare name")
      .option("--json", "print the view (sessions.fork)"),
  run: async (cli, flags, session) => {
    const clientId = flags.clientId ?? cli.key();
    const input = { session, clientId, ...given(flags, "name", "description") };
    const view = await withProgress(cli, "forking", () => cli.call("sessions.fork", input));
    announce(cli, view, flags);
    return EXIT.done;
  },
});

const announce = (
  cli: Cli,
  view: { readonly session: Session },
  { quiet, json }: { readonly quiet?: boolean; readonly json?: boolean },
): void => {
  const name = oneLine(view.session.name);
  if (json === true) printJson(cli, view);
  else cli.print(quiet === true ? name : `Created session ${name}`);
};

const LOCAL = "local";

/** Where another machine is meant, this one's current folder is not. */
const folderThere = (path: string | undefined, host: string): string => {
  if (path?.startsWith("/") === true) return path;
  throw misused(
    path === undefined
      ? `It was not said which folder of ${oneLine(host)} is meant.`
      : `${oneLine(path)} is no whole path, and only ${oneLine(host)} knows from where it would begin.`,
    "Give -p with a path that begins with /.",
  );
};

const folderOn = async (cli: Cli, path: string | undefined, host: string): Promise<string> =>
  host === LOCAL ? folderHere(cli, path) : folderThere(path, host);

/**
 * The session that this command runs in: an agent that creates sessions is their parent. What runs in a terminal of Skein
 * carries the terminal's mark instead, and only the daemon knows whose it is: a session's, or nobody's.
 */
const ownSession = async (cli: Cli): Promise<string | undefined> => {
  const { env, home, place } = cli;
  const own =
    place.kind === "socket" && env["SKEIN_HOME"] === home ? env["SKEIN_SESSION"] : undefined;
  if (own?.startsWith("trm_") !== true) return own;
  const { terminals } = await cli.call("terminals.list", {});
  return terminals.find(({ id }) => id === own)?.session ?? undefined;
};

/** Only what was given: an absent flag leaves the contract's default. */
const given = <F extends object, K extends keyof F>(
  flags: F,
  ...names: readonly K[]
): { [N in K]?: Exclude<F[N], undefined> } =>
  Object.fromEntries(
    names.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  ) as { [N in K]?: Exclude<F[N], undefined> };
