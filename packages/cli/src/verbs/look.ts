/** `inspect` and `last-message`: reading one session. */
import { InvalidArgumentError } from "commander";
import type { Approval, Container, Session, Turn } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { approvalText } from "../format/approval.ts";
import { oneLine, visible } from "../format/escape.ts";
import { awayWords } from "../format/host.ts";
import { agentWords, paintState, stateWords } from "../format/status.ts";
import { clock, duration, since } from "../format/time.ts";
import { goalWords } from "../format/goal.ts";
import { usageWords } from "../format/usage.ts";
import { verb } from "../verb.ts";

type LastFlags = { readonly number: number; readonly json?: boolean };

const parseCount = (text: string): number => {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 100)
    throw new InvalidArgumentError("A whole number from 1 to 100.");
  return count;
};

export const lastMessage = verb<LastFlags, [session: string]>({
  examples: [
    ["skein last-message fizz-top", "what it said last"],
    ["skein last-message fizz-top -n 3", "the last three, oldest first"],
  ],
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .option("-n, --number <count>", "how many, up to 100", parseCount, 1)
      .option("--json", "print the view (sessions.lastMessage)"),
  run: async (cli, { number, json }, session) => {
    const view = await cli.call("sessions.lastMessage", { session, count: number });
    if (json === true) {
      printJson(cli, view);
      return EXIT.done;
    }
    const messages = view.messages.toSorted((a, b) => a.at.localeCompare(b.at));
    if (messages.length === 0) cli.tell(`${oneLine(session)} has said nothing yet`);
    else cli.print(messages.map((each) => visible(each.text)).join("\n\n"));
    return EXIT.done;
  },
});

export const inspect = verb<{ readonly json?: boolean }, [session: string]>({
  examples: [["skein inspect fizz-top", "settings, status, turns, what it asks, what it cost"]],
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .option("--json", "print sessions.get, approvals.list and sessions.turns joined"),
  run: async (cli, { json }, ref) => {
    const { session } = await cli.call("sessions.get", { session: ref });
    const [{ approvals }, { turns }] = await Promise.all([
      cli.call("approvals.list", { session: session.id }),
      cli.call("sessions.turns", { session: session.id, limit: SHOWN_TURNS }),
    ]);
    if (json === true) printJson(cli, { session, approvals, turns, next: null });
    else cli.print(inspection(cli, session, approvals, turns));
    return EXIT.done;
  },
});

const SHOWN_TURNS = 10;

const inspection = (
  cli: Cli,
  session: Session,
  approvals: readonly Approval[],
  turns: readonly Turn[],
): string => {
  const { paint } = cli;
  const rows = facts(cli, session);
  const wide = Math.max(...rows.map(([title]) => title.length)) + 2;
  const lines = rows.map(([title, text]) => `${paint.dim(title.padEnd(wide))}${text}`);
  if (turns.length > 0)
    lines.push("", paint.bold("Turns, newest first"), ...turns.map((turn) => turnLine(cli, turn)));
  for (const approval of approvals)
    lines.push("", approvalText(cli, approval, approvals.length === 1));
  return lines.join("\n");
};

const facts = (cli: Cli, session: Session): [string, string][] => {
  const { status } = session;
  const state = paintState(cli.paint, status.state, stateWords(session));
  const told = `${status.source}, since ${since(status.since, cli.now())}`;
  const rows: [string, string | null][] = [
    ["name", session.name],
    ["id", session.id],
    ["status", `${state} - ${oneLine(status.reason)} (${told})`],
    ["agent", agentWords(session)],
    ["permissions", session.permissions],
    ["folder", oneLine(session.folder)],
    ["host", oneLine(session.host)],
    ["container", session.container === null ? null : containerWords(session.container)],
    ["unreachable", awayWords(session, cli.now())],
    ["group", session.group === null ? null : oneLine(session.group)],
    ["goal", session.goal === null ? null : goalWords(session.goal)],
    ["description", session.description === null ? null : oneLine(session.description)],
    ["tags", session.tags.length === 0 ? null : oneLine(session.tags.join(", "))],
    ["created by", session.parent],
    ["forked from", session.forkedFrom],
    ["agent's own id", session.providerSessionId && oneLine(session.providerSessionId)],
    ["process lives", String(session.generation)],
    ["turns", `${session.turns}${session.queued > 0 ? `, ${session.queued} queued` : ""}`],
    ["usage", usageWords(session.usage)],
    ["created", clock(session.createdAt)],
    ["active", `${clock(session.activeAt)} (${since(session.activeAt, cli.now())} ago)`],
    ["deleted", session.deletedAt === null ? null : clock(session.deletedAt)],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== null && row[1] !== "");
};

const containerWords = ({ image, network, cpus, memoryMiB }: Container): string =>
  [
    oneLine(image),
    `network ${network}`,
    ...(cpus === undefined ? [] : [`${cpus} cpus`]),
    ...(memoryMiB === undefined ? [] : [`${memoryMiB} MiB`]),
  ].join(", ");

const turnLine = (cli: Cli, turn: Turn): string => {
  const end = turn.endedAt === null ? cli.now() : Date.parse(turn.endedAt);
  const took = duration(end - Date.parse(turn.startedAt));
  const usage = turn.usage === null ? "" : `  ${usageWords(turn.usage)}`;
  const error = turn.error === null ? "" : `  ${cli.paint.red(oneLine(turn.error.message))}`;
  return `  ${turn.number}  ${clock(turn.startedAt)}  ${turn.outcome ?? "running"}  ${took}${usage}${error}`;
};
