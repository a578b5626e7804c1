/**
 * `skein logs`: what happened, and with -f what happens next.
 *
 * Following begins with a snapshot of the log's position, so nothing falls between the pages that are read and the
 * events that follow. The client takes the watch up again when it ended: no gap, no duplicate.
 */
import type { EventData, Item, SkeinEvent } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { approvalText } from "../format/approval.ts";
import { json, oneLine, visible } from "../format/escape.ts";
import { isSettled, itemText } from "../format/item.ts";
import { clock } from "../format/time.ts";
import { allPages } from "../pages.ts";
import { verb } from "../verb.ts";

type Flags = { readonly follow?: boolean; readonly json?: boolean };

export const logs = verb<Flags, [session: string]>({
  examples: [
    ["skein logs fizz-top", "the whole transcript"],
    ["skein logs fizz-top -f", "and what happens next, until Ctrl-C"],
    ["skein logs fizz-top -f --json", "every event, one JSON document a line"],
  ],
  notes:
    "What agents said is shown, never obeyed: control characters are written out (ESC as \\x1b).\n" +
    "With -f, a daemon that goes away is waited for, and the log taken up where it was left.",
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .option("-f, --follow", "go on with what happens next")
      .option("--json", "print the view (sessions.items, all pages joined); with -f, events"),
  run: async (cli, { follow, json: asJson }, ref) => {
    const { session } = await cli.call("sessions.get", { session: ref });
    if (follow === true) {
      if (asJson === true) await followEvents(cli, session.id);
      else await followTranscript(cli, session.id);
      return EXIT.done;
    }
    const items = await itemsOf(cli, session.id);
    if (asJson === true) printJson(cli, { items, next: null });
    else if (items.length > 0)
      cli.print(items.map((item) => itemText(item, cli.paint)).join("\n\n"));
    return EXIT.done;
  },
});

const itemsOf = (cli: Cli, session: string): Promise<Item[]> =>
  allPages(
    (page) => cli.call("sessions.items", { session, from: "start", ...page }),
    (page) => page.items,
  );

/** Every event of the session from its first, one a line. */
const followEvents = (cli: Cli, session: string): Promise<void> =>
  followFrom(cli, session, 0, {
    snapshot: () => Promise.resolve(),
    event: (event) => cli.print(json(event)),
  });

const followTranscript = async (cli: Cli, session: string): Promise<void> => {
  const shown = new Set<string>();
  const show = (item: Item) => {
    if (shown.has(item.id) || !isSettled(item)) return;
    shown.add(item.id);
    cli.print(`${itemText(item, cli.paint)}\n`);
  };
  await followFrom(cli, session, undefined, {
    snapshot: async () => {
      for (const item of await itemsOf(cli, session)) show(item);
    },
    event: (event) => {
      if (event.type === "session.item") show((event.data as EventData<"session.item">).item);
      else {
        const line = eventLine(cli, event);
        if (line !== undefined) cli.print(`${line}\n`);
      }
    },
  });
};

/** What is worth a line beside the items. */
const eventLine = (cli: Cli, event: SkeinEvent): string | undefined => {
  const at = cli.paint.dim(clock(event.at));
  switch (event.type) {
    case "approval.requested": {
      const { approval } = event.data as EventData<"approval.requested">;
      return `${at} ${approvalText(cli, approval, false)}`;
    }
    case "approval.resolved": {
      const { resolution } = event.data as EventData<"approval.resolved">;
      return `${at} ${resolution.decision} by ${oneLine(resolution.by)}`;
    }
    case "session.turn.ended": {
      const { turn } = event.data as EventData<"session.turn.ended">;
      const why = turn.error === null ? "" : `: ${visible(turn.error.message)}`;
      return `${at} ${cli.paint.dim(`turn ${turn.number} ${turn.outcome ?? "ended"}${why}`)}`;
    }
    case "session.process.ended": {
      const { expected, reason } = event.data as EventData<"session.process.ended">;
      return expected ? undefined : `${at} ${cli.paint.red(`the agent ended: ${oneLine(reason)}`)}`;
    }
    case "session.deleted":
      return `${at} ${cli.paint.dim("the session was killed")}`;
    default:
      return undefined;
  }
};

type Follower = {
  readonly snapshot: () => Promise<void>;
  readonly event: (event: SkeinEvent) => void;
};

/** Until the session is deleted. `after`: the last position already seen; undefined begins with a snapshot. */
const followFrom = async (
  cli: Cli,
  session: string,
  after: number | undefined,
  follower: Follower,
): Promise<void> => {
  let isLost = false;
  const lost = () => {
    if (!isLost) cli.tell("skein: the daemon is gone; waiting for it");
    isLost = true;
  };
  const filter = { sessions: [session], live: false };
  const input = { filter, ...(after === undefined ? {} : { after }) };
  for await (const frame of cli.watch(input, lost)) {
    isLost = false;
    if (frame.frame === "snapshot") await follower.snapshot();
    if (frame.frame !== "events") continue;
    for (const event of frame.events) {
      follower.event(event);
      if (event.type === "session.deleted") return;
    }
  }
};
