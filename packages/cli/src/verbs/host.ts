/** `skein host list | add | check | remove`: the machines that sessions can run on. */
import type { Host } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { hostText, isWell, reachWords } from "../format/host.ts";
import { table, type Column } from "../format/table.ts";
import { withProgress } from "../progress.ts";
import { family, verb } from "../verb.ts";

type Flags = { readonly json?: boolean };

const columns = (cli: Cli): Column<Host>[] => [
  { title: "NAME", cell: ({ name }) => oneLine(name), paint: (text) => cli.paint.bold(text) },
  {
    title: "STATE",
    cell: (host) => reachWords(host, cli.now()),
    paint: (text, host) => (isWell(host) ? cli.paint.green(text) : cli.paint.yellow(text)),
  },
  { title: "SESSIONS", cell: ({ sessions }) => String(sessions) },
  { title: "SYSTEM", cell: ({ check }) => oneLine(check?.system ?? "-") },
  {
    title: "AGENTS",
    cell: ({ check }) =>
      check === null
        ? "-"
        : check.agents.map(({ backend }) => oneLine(backend)).join(",") || "none",
  },
  {
    title: "REMARKS",
    cell: ({ reason, refusal, check }) =>
      oneLine(
        reason ?? refusal?.message ?? check?.warnings.map(({ message }) => message).join(" ") ?? "",
      ),
    paint: cli.paint.dim,
  },
];

/** Below the table: in a column they would push everything else out of sight. */
const remedies = (hosts: readonly Host[]): string[] => {
  const lines = hosts.flatMap(({ name, remedy }) =>
    remedy === null ? [] : [`${oneLine(name)}: ${oneLine(remedy)}`],
  );
  return lines.length === 0 ? [] : ["", ...lines];
};

const list = verb<Flags & { readonly quiet?: boolean }, []>({
  examples: [["skein host list", "which there are, and whether they answer"]],
  define: (command) =>
    command
      .option("-q, --quiet", "print bare names")
      .option("--json", "print the view (hosts.list)"),
  run: async (cli, { json, quiet }) => {
    const view = await cli.call("hosts.list", {});
    if (json === true) printJson(cli, view);
    else if (quiet === true) for (const { name } of view.hosts) cli.print(oneLine(name));
    else
      cli.print(
        [...table(columns(cli), view.hosts, cli.width), ...remedies(view.hosts)].join("\n"),
      );
    return EXIT.done;
  },
});

const tell = (cli: Cli, view: { readonly host: Host }, { json }: Flags, said?: string): number => {
  if (json === true) printJson(cli, view);
  else cli.print(`${said === undefined ? "" : `${said}\n`}${hostText(cli, view.host)}`);
  return EXIT.done;
};

const add = verb<Flags, [name: string]>({
  examples: [
    ["skein host add cloud", "where `ssh cloud` logs in"],
    ["skein host add me@10.0.0.7", "without an alias"],
  ],
  notes:
    "Nothing but what ssh needs: keys, ports and jumps come from your own ~/.ssh/config. A host whose key\n" +
    "is not known yet, or has changed, is refused with its fingerprint and the command to run.",
  define: (command) =>
    command
      .argument("<NAME>", "what `ssh NAME` takes")
      .option("--json", "print the view (hosts.add)"),
  run: async (cli, flags, host) => {
    const view = await withProgress(cli, `reaching ${oneLine(host)}`, () =>
      cli.call("hosts.add", { host, clientId: cli.key() }),
    );
    return tell(cli, view, flags, `Added host ${oneLine(view.host.name)}`);
  },
});

const check = verb<Flags, [name: string]>({
  examples: [
    ["skein host check cloud", "tools, agents, clock and disk, as they are now"],
    ["skein host check local", "of this machine"],
  ],
  define: (command) =>
    command
      .argument("<NAME>", "see: skein host list")
      .option("--json", "print the view (hosts.check)"),
  run: async (cli, flags, host) => {
    const view = await withProgress(cli, `looking at ${oneLine(host)}`, () =>
      cli.call("hosts.check", { host }),
    );
    return tell(cli, view, flags);
  },
});

type RemoveFlags = Flags & { readonly force?: boolean };

const remove = verb<RemoveFlags, [name: string]>({
  examples: [
    ["skein host remove cloud", "when no agent runs and no terminal is open there"],
    ["skein host remove cloud --force", "its agents are left to themselves, its terminals closed"],
  ],
  define: (command) =>
    command
      .argument("<NAME>", "see: skein host list")
      .option(
        "--force",
        "though agents run or terminals are open there: left to themselves, and closed",
      )
      .option("--json", "print the view (hosts.remove)"),
  run: async (cli, { force, json }, host) => {
    const view = await cli.call("hosts.remove", {
      host,
      clientId: cli.key(),
      ...(force === undefined ? {} : { force }),
    });
    if (json === true) printJson(cli, view);
    else {
      cli.print(`Removed host ${oneLine(view.host.name)}`);
      if (view.host.reason !== null) cli.tell(oneLine(view.host.reason));
    }
    return EXIT.done;
  },
});

export const host = family({
  list: { ...list, summary: "List the hosts, and whether they answer" },
  add: {
    ...add,
    summary: "Add a machine by the name that ssh knows it by; it is reached and checked",
  },
  check: { ...check, summary: "Reach a host now, and say what there is and what is missing" },
  remove: {
    ...remove,
    summary: "Forget a host; refused while agents run or terminals are open there, unless forced",
  },
});
