/** Watchers that resume where they were, after each death of the daemon and whenever their line is cut. */
import type { SkeinEvent, WatchFrame } from "@skein/contract";
import type { Chance } from "../chance.ts";
import { isBroken, type Line } from "../line.ts";
import { untilBroken, type Cycle } from "./cycle.ts";
import type { Book } from "./record.ts";

export type Watcher = {
  /** Ends when the daemon dies; in the last cycle when `stop` is called. */
  play(cycle: Cycle): Promise<void>;
  stop(): void;
  readonly position: number;
  readonly resumed: number;
  /** Whether it sees one session alone. */
  readonly filtered: boolean;
};

type WatcherDeps = {
  readonly name: string;
  /** null: the whole log. */
  readonly session: string | null;
  readonly book: Book;
  /** How likely a frame is to be the last before the line is cut. */
  readonly cuts: number;
  readonly chance: Chance;
  /** Called after `saw` for each event in its turn, once. */
  readonly each?: (event: SkeinEvent) => void;
  /** Called whenever all that was recorded before has been seen. */
  readonly caughtUp?: () => void;
};

export const makeWatcher = (deps: WatcherDeps): Watcher => {
  const { name, session, book, chance, cuts } = deps;
  let position = 0;
  let seq = 0;
  let resumed = 0;
  let stopped = false;
  let line: Line | null = null;

  const take = (event: SkeinEvent): void => {
    if (session === null ? event.position !== position + 1 : event.position <= position)
      book.fault(`${name}: position ${event.position} came after ${position}`);
    if (session !== null && (event.stream !== session || event.seq !== seq + 1))
      book.fault(`${name}: ${event.stream} seq ${event.seq} came after ${seq}`);
    position = event.position;
    if (session !== null) seq = event.seq;
    if (deps.each === undefined) book.saw(event);
    else deps.each(event);
  };

  const hear = (frame: WatchFrame): void => {
    if (frame.frame === "events") frame.events.forEach(take);
    if (frame.frame === "caught-up") deps.caughtUp?.();
    if (frame.frame === "snapshot") book.fault(`${name}: a snapshot came to one who resumes`);
    if (frame.frame === "lagged") {
      if (session === null && frame.resumeFrom !== position)
        book.fault(`${name}: told to resume from ${frame.resumeFrom}, was at ${position}`);
      line?.cut();
    }
    if (cuts > 0 && chance.next() < cuts) line?.cut();
  };

  const follow = async (cycle: Cycle): Promise<void> => {
    while (!stopped) {
      line = await cycle.open();
      resumed += 1;
      const filter = { live: false, ...(session === null ? {} : { sessions: [session] }) };
      await line.watch({ after: position, filter }, hear).catch((error: unknown) => {
        if (isBroken(error)) return;
        line?.cut();
        throw error;
      });
      await line.broken;
    }
  };

  return {
    play: (cycle) =>
      untilBroken(
        () => follow(cycle),
        (what) => book.fault(`${name}: ${what}`),
      ),
    filtered: session !== null,
    stop: () => {
      stopped = true;
      line?.cut();
    },
    get position() {
      return position;
    },
    get resumed() {
      return resumed;
    },
  };
};
