/** `skein terminal list | open | show | type | close`. */
import { InvalidArgumentError } from "commander";
import type { Terminal } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, misused, toFailure } from "../failure.ts";
import { folderHere } from "../folder.ts";
import { oneLine, visible } from "../format/escape.ts";
import { folderWords } from "../format/status.ts";
import { table, type Column } from "../format/table.ts";
import { family, verb } from "../verb.ts";

const LOCAL = "local";

type Flags = { readonly json?: boolean };

const runsWords = ({ runs, argv }: Terminal): string =>
  argv.length === 0 ? runs : `${runs}: ${argv.join(" ")}`;

const stateWords = ({ state, exitCode }: Terminal): string =>
  state === "ended" && exitCode !== null ? `ended:${exitCode}` : state;

const columns = (cli: Cli, names: ReadonlyMap<string, string>): Column<Terminal>[] => [
  { title: "ID", cell: ({ id }) => id, paint: cli.paint.bold },
  {
    title: "SESSION",
    cell: ({ session }) => (session === null ? "-" : oneLine(names.get(session) ?? session)),
  },
  {
    title: "STATE",
    cell: stateWords,
    paint: (text, { state }) =>
      state === "running" ? cli.paint.green(text) : cli.paint.yellow(text),
  },
  { title: "SIZE", cell: (one) => `${one.columns}x${one.rows}` },
  { title: "VIEWERS", cell: ({ viewers }) => String(viewers) },
  { title: "HOST", cell: ({ host }) => oneLine(host) },
  { title: "FOLDER", cell: ({ folder }) => folderWords(folder, cli.env["HOME"]) },
  { title: "RUNS", cell: (one) => oneLine(runsWords(one)), paint: cli.paint.dim },
];

/** The names of the sessions that have one. */
const namesOf = async (cli: Cli, terminals: readonly Terminal[]) => {
  const ids = new Set(terminals.flatMap(({ session }) => (session === null ? [] : [session])));
  const found = await Promise.all(
    [...ids].map(async (id) => (await cli.call("sessions.get", { session: id })).session),
  );
  return new Map(found.map(({ id, name }) => [id, name]));
};

const list = verb<Flags & { readonly host?: string; readonly quiet?: boolean }, []>({
  examples: [["skein terminal list", "which there are, and what they run"]],
  define: (command) =>
    command
      .option("--host <name>", "only those on this host")
      .option("-q, --quiet", "print bare ids")
      .option("--json", "print the view (terminals.list)"),
  run: async (cli, { host, quiet, json }) => {
    const view = await cli.call("terminals.list", host === undefined ? {} : { host });
    if (json === true) printJson(cli, view);
    else if (quiet === true) for (const { id } of view.terminals) cli.print(id);
    else if (view.terminals.length === 0) cli.print("No terminals");
    else {
      const names = await namesOf(cli, view.terminals);
      cli.print(table(columns(cli, names), view.terminals, cli.width).join("\n"));
    }
    return EXIT.done;
  },
});

type OpenFlags = Flags & {
  readonly host?: string;
  readonly folder?: string;
  readonly quiet?: boolean;
  readonly behind: readonly string[];
};

/** Another machine's folder is not ours to resolve. */
const folderOn = async (cli: Cli, host: string | undefined, folder: string): Promise<string> => {
  if (folder === "")
    throw misused("The folder is empty.", "Give --folder FOLDER, or none for the login's home.");
  return host === undefined || host === LOCAL ? folderHere(cli, folder) : folder;
};

const open = verb<OpenFlags, [words: string[]]>({
  examples: [
    ["skein terminal open fizz-top", "a session's: the agent's, or a shell in its folder"],
    [
      "skein terminal open --host cloud --folder /srv/shop",
      "a shell of its own on another machine",
    ],
    ["skein terminal open --folder /srv/shop -- npm run dev", "a program of its own"],
  ],
  notes:
    "With an ID: that session's terminal, the same one each time. Without: a terminal that stands alone; what\n" +
    "follows -- is the program and its words, which no shell reads.",
  define: (command) =>
    command
      .argument("[words...]", "a session's name or id; or, behind --, a program and its words")
      .usage("[ID] [options] [-- CMD...]")
      .option("--host <name>", "where (default: local)")
      .option(
        "--folder <folder>",
        "where it starts; on another machine a whole path (default: the login's home)",
      )
      .option("-q, --quiet", "print the bare id")
      .option("--json", "print the view (terminals.open)"),
  run: async (cli, { host, folder, quiet, json, behind }, words) => {
    const [session, ...more] = words.slice(0, words.length - behind.length);
    const alone = {
      ...(host === undefined ? {} : { host }),
      ...(folder === undefined ? {} : { folder: await folderOn(cli, host, folder) }),
      ...(behind.length === 0 ? {} : { argv: [...behind] }),
    };
    const isAlone = Object.keys(alone).length > 0;
    if (session === undefined && !isAlone)
      throw misused(
        "It was not said which terminal.",
        "Give a session, --host, --folder or -- CMD.",
      );
    if (more.length > 0 || (session !== undefined && isAlone))
      throw misused(
        "A session's terminal is where the session is; --host, --folder and a program are for one that stands alone.",
        "Give a session and nothing else, or the program and its words behind --.",
      );
    const view = await cli.call("terminals.open", {
      ...(session === undefined ? alone : { session }),
      clientId: cli.key(),
    });
    const { id } = view.terminal;
    if (json === true) printJson(cli, view);
    else if (quiet === true) cli.print(id);
    else cli.print(`Opened terminal ${id}; see it with: ${cli.command} attach ${id}`);
    return EXIT.done;
  },
});

const parseLines = (text: string): number => {
  const lines = Number(text);
  if (!/^\d+$/.test(text) || lines > 10_000)
    throw new InvalidArgumentError("A whole number from 0 to 10000.");
  return lines;
};

const show = verb<Flags & { readonly history: number }, [terminal: string]>({
  examples: [
    ["skein terminal show fizz-top", "its screen, as text"],
    ["skein terminal show fizz-top --history 500", "and what scrolled off it"],
  ],
  define: (command) =>
    command
      .argument("<ID>", "a terminal's id, or its session's name or id")
      .option("--history <lines>", "lines before it", parseLines, 0)
      .option("--json", "print the view (terminals.screen)"),
  run: async (cli, { history, json }, terminal) => {
    const view = await cli.call("terminals.screen", { terminal, history });
    if (json === true) printJson(cli, view);
    else cli.print(view.lines.map(visible).join("\n").trimEnd());
    return EXIT.done;
  },
});

const type = verb<Flags & { readonly enter?: boolean }, [terminal: string, text: string]>({
  examples: [
    ["skein terminal type fizz-top 'git status' --enter", "as if a person had typed it"],
    ["skein terminal type fizz-top '' --enter", "Enter alone"],
  ],
  notes:
    "The text is typed literally: no character of it is a key, and control characters are left out.",
  define: (command) =>
    command
      .argument("<ID>", "a terminal's id, or its session's name or id")
      .argument("<TEXT>", "what to type")
      .option("-e, --enter", "press Enter behind it")
      .option("--json", "print the view (terminals.type)"),
  run: async (cli, { enter = false, json }, terminal, text) => {
    const view = await cli.call("terminals.type", { terminal, text, enter, clientId: cli.key() });
    if (json === true) printJson(cli, view);
    return EXIT.done;
  },
});

/** Rejects when there is no such terminal. One that cannot be read now may still be closed. */
const admit = async (cli: Cli, terminal: string): Promise<void> => {
  try {
    await cli.call("terminals.screen", { terminal });
  } catch (error) {
    if (toFailure(error).failure.code.endsWith("_not_found")) throw error;
  }
};

const close = verb<Flags, [terminals: string[]]>({
  examples: [["skein terminal close fizz-top", "end the shell in it; the session stays"]],
  notes: "A terminal in which a session's agent runs ends with that: skein stop, skein kill.",
  define: (command) =>
    command
      .argument("<ID...>", "terminals' ids, or their sessions' names or ids")
      .option("--json", "print the views (terminals.close), one a line"),
  run: async (cli, { json }, terminals) => {
    if (terminals.length > 1) await Promise.all(terminals.map((each) => admit(cli, each)));
    for (const terminal of terminals) {
      const view = await cli.call("terminals.close", { terminal, clientId: cli.key() });
      if (json === true) printJson(cli, view);
      else cli.print(`Closed terminal ${view.terminal.id}`);
    }
    return EXIT.done;
  },
});

export const terminal = family({
  list: { summary: "List the terminals that are not closed", ...list },
  open: { summary: "Open a session's terminal, or one that stands alone", ...open },
  show: { summary: "Print what a terminal shows now, as text", ...show },
  type: { summary: "Type text into a terminal", ...type },
  close: { summary: "End what runs in a terminal, and the terminal", ...close },
});
