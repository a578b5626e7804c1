/** Following sessions: what happened, then what happens, over any number of connections, until all of them are deleted. */
import type { EventData, Session, SkeinEvent } from "@skein/contract";
import type { Cli } from "./cli.ts";
import { json } from "./format/escape.ts";
import { isSettled } from "./format/item.ts";
import { makeLifecycle } from "./format/lifecycle.ts";
import { entriesOf, type Entry, type History } from "./format/transcript.ts";
import { makeWriter, type Format } from "./format/writer.ts";

type Follower = {
  readonly snapshot: () => Promise<void>;
  readonly event: (event: SkeinEvent) => void;
};

/** Every event of the sessions from the first, one a line. */
export const followEvents = (cli: Cli, sessions: readonly Session[]): Promise<void> =>
  followFrom(cli, sessions, 0, {
    snapshot: () => Promise.resolve(),
    event: (event) => cli.print(json(event)),
  });

/** Each entry once it will change no more. */
export const followTranscripts = async (
  cli: Cli,
  sessions: readonly Session[],
  format: Exclude<Format, "json">,
  history: (session: Session) => Promise<History>,
): Promise<void> => {
  const isMany = sessions.length > 1;
  const each = sessions.map((session) => makeTranscript(cli, session, format, isMany));
  const byStream = new Map(each.map((one, at) => [sessions[at]?.id, one]));
  await followFrom(cli, sessions, undefined, {
    snapshot: async () => {
      for (const [at, session] of sessions.entries()) each[at]?.begin(await history(session));
    },
    event: (event) => byStream.get(event.stream)?.event(event),
  });
};

const makeTranscript = (
  cli: Cli,
  session: Session,
  format: Exclude<Format, "json">,
  isMany: boolean,
) => {
  const writer = makeWriter(format, cli, isMany ? session.name : null);
  const shown = new Set<string>();
  const line = makeLifecycle();
  let read = 0;
  const show = (entry: Entry): void => {
    if ("item" in entry) {
      if (shown.has(entry.item.id) || !isSettled(entry.item)) return;
      shown.add(entry.item.id);
    }
    cli.print(`${writer.entry(entry).text}\n`);
  };
  return {
    begin: ({ items, events }: History): void => {
      for (const entry of entriesOf(items, events)) show(entry);
      // What comes next is told in the light of what was.
      for (const event of events) line(event);
      read = events.at(-1)?.position ?? 0;
    },
    event: (event: SkeinEvent): void => {
      if (event.type === "session.item")
        return show({ item: (event.data as EventData<"session.item">).item });
      if (event.position <= read) return;
      const said = line(event);
      if (event.type === "approval.requested") {
        const { approval } = event.data as EventData<"approval.requested">;
        cli.print(`${writer.asked(event.at, approval).text}\n`);
      } else if (said !== null) show({ line: said });
    },
  };
};

/** `after`: the last position already seen; undefined begins with a snapshot. */
const followFrom = async (
  cli: Cli,
  sessions: readonly Session[],
  after: number | undefined,
  follower: Follower,
): Promise<void> => {
  let isLost = false;
  const lost = () => {
    if (!isLost) cli.tell("skein: the daemon is gone; waiting for it");
    isLost = true;
  };
  const alive = new Set(sessions.map(({ id }) => id));
  const filter = { sessions: [...alive], live: false };
  const input = { filter, ...(after === undefined ? {} : { after }) };
  for await (const frame of cli.watch(input, lost)) {
    isLost = false;
    if (frame.frame === "snapshot") await follower.snapshot();
    if (frame.frame !== "events") continue;
    for (const event of frame.events) {
      follower.event(event);
      if (event.type === "session.deleted") alive.delete(event.stream);
      if (alive.size === 0) return;
    }
  }
};
