/** The watches of one connection: `events.watch` answers with a name, then its frames come as `skein.watch` events. */
import { problem, type Problem } from "@skein/contract";
import type { EncodedFrame, Watch, WatchSink } from "../../feed/ports.ts";
import type { OpenWatch } from "../ports.ts";
import { encodeWatchFrame } from "./frames.ts";
import type { Outbox } from "./outbox.ts";

export type Watches = {
  /** Rejects with the feed's Refusal. Sends the answer by `answer(name)`, before the first frame. */
  open(input: Parameters<OpenWatch>[0], answer: (name: string) => void): Promise<void>;
  /** Whether there was one of that name. Nothing of it is sent after this. */
  end(name: string): boolean;
  endAll(): void;
  readonly size: number;
};

export const tooManyWatches = (most: number): Problem =>
  problem(
    "too_many_requests",
    `One connection follows at most ${most} watches.`,
    "End one with events.unwatch, or watch several sessions with one filter.",
  );

/** Frames that come before the answer is out wait here: the feed may begin before openWatch has resolved. */
type Place = { watch: Watch | null; early: EncodedFrame[] | null; over: boolean };

export const makeWatches = (openWatch: OpenWatch, outbox: Outbox): Watches => {
  const places = new Map<string, Place>();
  let made = 0;

  const drop = (name: string): boolean => {
    const place = places.get(name);
    if (place === undefined) return false;
    places.delete(name);
    place.over = true;
    place.watch?.close();
    return true;
  };

  const sinkOf = (name: string, place: Place): WatchSink => ({
    send: (frame) => {
      if (place.over) return true;
      if (place.early === null) return outbox.bytes(encodeWatchFrame(frame, name));
      place.early.push(frame);
      return false;
    },
    ready: (callback) => {
      if (place.early === null) outbox.ready(callback);
      else readyLater.set(place, callback);
    },
    end: () => {
      // What came early must still go out, behind the answer.
      if (place.early === null) drop(name);
      else endLater.add(place);
    },
  });
  const readyLater = new WeakMap<Place, () => void>();
  const endLater = new WeakSet<Place>();

  const begin = (name: string, place: Place): void => {
    const early = place.early ?? [];
    place.early = null;
    for (const frame of early) outbox.bytes(encodeWatchFrame(frame, name));
    const callback = readyLater.get(place);
    if (endLater.has(place)) drop(name);
    else if (callback !== undefined) outbox.ready(callback);
  };

  return {
    open: async (input, answer) => {
      const name = `w${++made}`;
      const place: Place = { watch: null, early: [], over: false };
      places.set(name, place);
      try {
        place.watch = await openWatch(input, sinkOf(name, place));
      } catch (error) {
        drop(name);
        throw error;
      }
      if (place.over) return place.watch.close();
      answer(name);
      begin(name, place);
    },
    end: drop,
    endAll: () => {
      for (const name of places.keys()) drop(name);
    },
    get size() {
      return places.size;
    },
  };
};
