/** `skein list`: one line for each session. The most used verb: it loads nothing that it does not print. */
import type { Session, SessionState } from "@skein/contract";
import { allPages } from "@skein/client/light";
import { backendOf } from "../agent.ts";
import { printJson, type Cli } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { reasonWords } from "../format/host.ts";
import { agentWords, folderWords, paintState, stateWords } from "../format/status.ts";
import { table, type Column } from "../format/table.ts";
import { since } from "../format/time.ts";
import { collect, verb } from "../verb.ts";

type Flags = {
  readonly state?: SessionState[];
  readonly cli?: string;
  readonly host?: string;
  readonly group?: string;
  readonly tag?: string;
  readonly parent?: string;
  readonly deleted?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
};

export const list = verb<Flags, []>({
  examples: [
    ["skein list", "every session, newest first"],
    ["skein list --state waiting", "those that need you"],
    ["skein list --group review", "those of a group"],
    ["skein list -q", "bare names, one a line"],
    ["skein list --json | jq -r '.sessions[].name'", "for programs"],
  ],
  define: (command) =>
    command
      .option("--state <state>", "only working, waiting, idle, ...; may be repeated", collect)
      .option("--cli <agent>", "only this agent: claude, codex or a backend's id")
      .option("--host <name>", "only those on this host")
      .option("--group <name>", "only those of this group")
      .option("--tag <tag>", "only those with this tag")
      .option("--parent <id>", "only those that this session created")
      .option("--deleted", "the deleted ones instead")
      .option("-q, --quiet", "print bare names")
      .option("--json", "print the view (sessions.list, all pages joined)"),
  run: async (cli, { state, cli: agent, host, group, tag, parent, deleted, quiet, json }) => {
    const filter = {
      ...(state === undefined ? {} : { state }),
      ...(agent === undefined ? {} : { backend: backendOf(agent) }),
      ...(host === undefined ? {} : { host }),
      ...(group === undefined ? {} : { group }),
      ...(tag === undefined ? {} : { tag }),
      ...(parent === undefined ? {} : { parent }),
      ...(deleted === undefined ? {} : { deleted }),
    };
    const sessions = await allPages(
      (page) => cli.call("sessions.list", { ...filter, ...page }),
      (page) => page.sessions,
    );
    if (json === true) printJson(cli, { sessions, next: null });
    else if (quiet === true) for (const each of sessions) cli.print(oneLine(each.name));
    else if (sessions.length === 0) cli.print("No active sessions");
    else cli.print(table(columns(cli, sessions), sessions, cli.width).join("\n"));
    return EXIT.done;
  },
});

/** What is the same for all, as on a machine by itself with sessions in no group, has no column. */
const columns = (cli: Cli, sessions: readonly Session[]): Column<Session>[] => {
  const some = (has: (session: Session) => boolean, column: Column<Session>): Column<Session>[] =>
    sessions.some(has) ? [column] : [];
  return [
    { title: "NAME", cell: ({ name }) => oneLine(name), paint: (text) => cli.paint.bold(text) },
    {
      title: "STATUS",
      cell: stateWords,
      paint: (text, { status }) => paintState(cli.paint, status.state, text),
    },
    { title: "AGENT", cell: agentWords },
    ...some(({ host }) => host !== "local", { title: "HOST", cell: ({ host }) => oneLine(host) }),
    ...some(({ group }) => group !== null, {
      title: "GROUP",
      cell: ({ group }) => oneLine(group ?? "-"),
    }),
    ...some(({ goal }) => goal !== null, { title: "GOAL", cell: ({ goal }) => goal?.state ?? "-" }),
    { title: "PERMISSIONS", cell: ({ permissions }) => permissions },
    { title: "FOLDER", cell: ({ folder }) => folderWords(folder, cli.env["HOME"]), yields: true },
    { title: "ACTIVE", cell: ({ activeAt }) => since(activeAt, cli.now()) },
    {
      title: "REASON",
      cell: (session) => reasonWords(session, cli.now()),
      paint: cli.paint.dim,
    },
  ];
};
