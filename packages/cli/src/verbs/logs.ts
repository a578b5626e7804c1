/**
 * `skein logs`: what was said and done in sessions and what became of them, and with -f what happens next.
 *
 * Following begins with a snapshot of the log's position, so nothing falls between the pages that are read and the
 * events that follow. The client takes the watch up again when it ended: no gap, no duplicate.
 */
import type { Session, SkeinEvent } from "@skein/contract";
import { allPages } from "@skein/client/light";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, misused } from "../failure.ts";
import { entriesOf, type History } from "../format/transcript.ts";
import { makeWriter, type Format, type Writer } from "../format/writer.ts";
import { followEvents, followTranscripts } from "../follow.ts";
import { findSessions, someTarget } from "../targets.ts";
import { verb } from "../verb.ts";

type Flags = {
  readonly follow?: boolean;
  readonly format?: Format;
  readonly group?: string;
  readonly json?: boolean;
};

export const logs = verb<Flags, [sessions: string[]]>({
  examples: [
    ["skein logs fizz-top", "the whole transcript, and what became of its agent"],
    ["skein logs fizz-top --format md > fizz-top.md", "as a page"],
    ["skein logs fizz-top lux-mid", "one after the other"],
    ["skein logs --group review -f", "and what happens next in all of them, until Ctrl-C"],
    ["skein logs fizz-top -f --json", "every event, one JSON document a line"],
  ],
  notes:
    "What agents said is shown, never obeyed: control characters are written out (ESC as \\x1b).\n" +
    "With -f, a daemon that goes away is waited for, and the log taken up where it was left.",
  define: (command) =>
    command
      .argument("[ID...]", "sessions' names or ids")
      .option("-f, --follow", "go on with what happens next")
      .addOption(
        command
          .createOption("--format <format>", "text (default), md or json")
          .choices(["text", "md", "json"]),
      )
      .option("--group <name>", "all sessions of a group, beside those named")
      .option(
        "--json",
        "print sessions.items and events.list joined, without the events of items; of several, {logs}; with -f, events",
      ),
  run: async (cli, { follow, format, group, json }, refs) => {
    someTarget(refs, group);
    if (json === true && format !== undefined && format !== "json")
      throw misused("--json and --format exclude each other.", "Choose one.");
    const shape = json === true ? "json" : (format ?? "text");
    const sessions = await findSessions(cli, refs, group);
    // A transcript that has ended is not waited for.
    const isOver = shape !== "json" && sessions.every(({ deletedAt }) => deletedAt !== null);
    if (follow !== true || isOver) await printAll(cli, sessions, shape);
    else if (shape === "json") await followEvents(cli, sessions);
    else await followTranscripts(cli, sessions, shape, (session) => historyOf(cli, session));
    return EXIT.done;
  },
});

const historyOf = async (cli: Cli, { id: session }: Session): Promise<History> => {
  const items = await allPages(
    (page) => cli.call("sessions.items", { session, from: "start", ...page }),
    (page) => page.items,
  );
  return { items, events: await eventsOf(cli, session) };
};

/** Its own events from the first; `next` of a page is a position. */
const eventsOf = (cli: Cli, session: string): Promise<SkeinEvent[]> =>
  allPages(
    ({ limit, cursor }) => cli.call("events.list", { session, after: Number(cursor ?? 0), limit }),
    (page) => page.events,
  );

const printAll = async (cli: Cli, sessions: readonly Session[], format: Format): Promise<void> => {
  if (format === "json") return printJsonOf(cli, sessions);
  const isMany = sessions.length > 1;
  for (const [at, session] of sessions.entries()) {
    const { items, events } = await historyOf(cli, session);
    const writer: Writer = makeWriter(format, cli, null);
    const parts = entriesOf(items, events).map(writer.entry);
    const head = isMany || format === "md" ? [writer.head(session)] : [];
    const text = [...head, ...writer.joined(parts)].join("\n\n");
    if (text !== "") cli.print(at > 0 ? `\n${text}` : text);
  }
};

const printJsonOf = async (cli: Cli, sessions: readonly Session[]): Promise<void> => {
  const views: object[] = [];
  for (const session of sessions) {
    const { items, events } = await historyOf(cli, session);
    const others = events.filter(({ type }) => type !== "session.item");
    const head = events.at(-1)?.position ?? 0;
    views.push({ items, events: others, head, next: null });
  }
  const [only] = views;
  const logged = views.map((view, at) => ({ session: sessions[at]?.id, ...view }));
  printJson(cli, sessions.length === 1 ? only : { logs: logged });
};
