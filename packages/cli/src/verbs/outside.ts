/** `outside` and `adopt`: conversations that were begun with an agent's own program. */
import { pause } from "@skein/client/light";
import type { Conversation, Item, PermissionMode } from "@skein/contract";
import { backendOf } from "../agent.ts";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, misused } from "../failure.ts";
import { flat, oneLine } from "../format/escape.ts";
import { isSettled, itemText } from "../format/item.ts";
import { table, type Column } from "../format/table.ts";
import { since } from "../format/time.ts";
import { verb } from "../verb.ts";

type Flags = {
  readonly host?: string;
  readonly cli?: string;
  readonly path?: string;
  readonly all?: boolean;
  readonly follow?: boolean;
  readonly json?: boolean;
};

/** Between two looks at a conversation that someone else goes on with. */
const LOOK_MS = 1_000;

const agentOf = (cli: string | undefined): { backend?: string } =>
  cli === undefined ? {} : { backend: backendOf(cli) };

const hostOf = (host: string | undefined): { host?: string } =>
  host === undefined ? {} : { host };

const ownerWords = ({ sessionName, deleted }: Conversation): string =>
  sessionName === null ? "-" : `${oneLine(sessionName)}${deleted ? " (deleted)" : ""}`;

const columns = (cli: Cli, all: boolean): readonly Column<Conversation>[] => [
  { title: "ID", cell: (one) => one.id },
  { title: "AGENT", cell: (one) => one.backend },
  { title: "OPEN", cell: (one) => one.held },
  { title: "LAST USED", cell: (one) => since(one.activeAt, cli.now()) },
  { title: "FOLDER", cell: (one) => oneLine(one.folder), yields: true },
  ...(all ? [{ title: "SESSION", cell: ownerWords }] : []),
  { title: "ABOUT", cell: (one) => flat(one.title ?? "") },
];

const list = async (cli: Cli, flags: Flags): Promise<number> => {
  const view = await cli.call("outside.list", {
    ...hostOf(flags.host),
    ...agentOf(flags.cli),
    ...(flags.path === undefined ? {} : { folder: flags.path }),
    all: flags.all === true,
  });
  if (flags.json === true) printJson(cli, view);
  else if (view.conversations.length === 0) cli.tell("No conversations begun outside Skein");
  else cli.print(table(columns(cli, flags.all === true), view.conversations, cli.width).join("\n"));
  return EXIT.done;
};

type Shown = { readonly id: string; readonly at: string | null; readonly body: Item["body"] };

const asItem = ({ id, at, body }: Shown): Item => ({
  id,
  at: at ?? new Date(0).toISOString(),
  body,
  turn: null,
  order: 1,
  truncated: false,
});

const show = async (cli: Cli, conversation: string, flags: Flags): Promise<number> => {
  const which = { ...hostOf(flags.host), ...agentOf(flags.cli), conversation };
  const told = new Set<string>();
  const kept: Shown[] = [];
  const take = (item: Shown): void => {
    const whole = asItem(item);
    if (told.has(item.id) || (flags.follow === true && !isSettled(whole))) return;
    told.add(item.id);
    if (flags.json === true && flags.follow !== true) kept.push(item);
    else if (flags.json === true) printJson(cli, item);
    else cli.print(`${itemText(whole, cli.paint)}\n`);
  };
  for (let from = 0; ;) {
    const page = await cli.call("outside.read", { ...which, from });
    for (const item of page.items) take(item);
    const isEnd = !page.more || page.next === from;
    from = page.next;
    if (!isEnd) continue;
    if (flags.follow !== true) break;
    await pause(LOOK_MS, cli.signal);
    if (cli.signal.aborted) break;
  }
  if (flags.json === true && flags.follow !== true) printJson(cli, { items: kept });
  return EXIT.done;
};

export const outside = verb<Flags, [what?: string, id?: string]>({
  examples: [
    ["skein outside", "conversations here that were begun with claude or codex themselves"],
    ["skein outside --host cloud --cli codex", "those of Codex on a host"],
    ["skein outside show 9c61e4e1-4dee-48d1-b4f7-bf8f8775b013 -f", "watch one, read-only"],
  ],
  notes:
    "Nothing is written or started. To go on with one: `skein adopt ID`; so, too, a deleted session's\n" +
    "conversation is had back (see --all).",
  define: (command) =>
    command
      .argument("[show]", "show: print one of them")
      .argument("[ID]", "its id, as listed")
      .option("--host <host>", "where to look (default: here)")
      .option("--cli <agent>", "claude, codex or a backend's id (default: all; with show: claude)")
      .option("-p, --path <folder>", "only those of this folder")
      .option("--all", "also those that Skein's sessions have, or had until they were deleted")
      .option("-f, --follow", "with show: go on with what happens next, until Ctrl-C")
      .option("--json", "print the view (outside.list, outside.read)"),
  run: async (cli, flags, what, id) => {
    if (what === undefined) return list(cli, flags);
    if (what === "show" && id !== undefined) return show(cli, id, flags);
    throw misused(
      `\`skein outside ${oneLine(what)}\` is nothing that Skein knows.`,
      "Say `skein outside`, or `skein outside show ID`.",
    );
  },
});

type AdoptFlags = {
  readonly host?: string;
  readonly cli?: string;
  readonly name?: string;
  readonly permissions?: PermissionMode;
  readonly force?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
};

export const adopt = verb<AdoptFlags, [id: string]>({
  examples: [
    ["skein adopt 9c61e4e1-4dee-48d1-b4f7-bf8f8775b013", "go on with a conversation of claude's"],
  ],
  notes:
    "Refused while a program has the conversation open: two writers would spoil it. Its past is the\n" +
    "beginning of the session's transcript.",
  define: (command) =>
    command
      .argument("<ID>", "the conversation's id, as `skein outside` lists it")
      .option("--host <host>", "where it lies (default: here)")
      .option("--cli <agent>", "claude, codex or a backend's id (default: claude)")
      .option("--name <name>", "instead of a chosen one such as fizz-top")
      .addOption(
        command
          .createOption("--permissions <mode>", "what it may do without asking (default: guarded)")
          .choices(["read-only", "guarded", "workspace", "full"]),
      )
      .option("--force", "also where it cannot be told whether a program has it open")
      .option("-q, --quiet", "print the bare name")
      .option("--json", "print the view (outside.adopt)"),
  run: async (cli, flags, conversation) => {
    const view = await cli.call("outside.adopt", {
      conversation,
      ...hostOf(flags.host),
      ...agentOf(flags.cli),
      force: flags.force === true,
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(flags.permissions === undefined ? {} : { permissions: flags.permissions }),
    });
    if (flags.json === true) printJson(cli, view);
    else if (flags.quiet === true) cli.print(view.session.name);
    else cli.print(`Created session ${view.session.name}`);
    return EXIT.done;
  },
});
