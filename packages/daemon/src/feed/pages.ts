/** Reads what a watcher missed, a page at a time, encoded; equal pages asked for together are read once. */
import { encodeEvent, eventsFrame, snapshotFrame } from "./encode.ts";
import { matches } from "./filter.ts";
import type { Filter } from "./filter.ts";
import type { FeedLimits } from "./limits.ts";
import type { StoredEvent } from "../engine/ports.ts";
import type { EncodedFrame, FeedSource } from "./ports.ts";

type PageRead = {
  /** Null when nothing of it was wanted. */
  readonly frame: EncodedFrame | null;
  /** Everything up to here is in it, or was not wanted. */
  readonly position: number;
  /** How many events to ask for next: fewer when these were long. */
  readonly next: number;
};

export type Pages = {
  /** Everything wanted after a position, as far as the page goes, and never past `upTo`. */
  read(filter: Filter, after: number, upTo: number, page: number): Promise<PageRead>;
  /** The views; `published` tells whether one made before still serves. */
  snapshot(filter: Filter, published: number): Promise<EncodedFrame>;
  /** Lets go of all that is remembered. */
  readonly forget: () => void;
};

/** Pages remembered: those who come back together come back to the same place. */
const REMEMBERED = 16;
/** Up to so many sessions are read stream by stream; for more, the whole log is read and most of it left out. */
const STREAMS = 16;
export const FIRST_PAGE = 32;

export const makePages = (source: FeedSource, limits: FeedLimits): Pages => {
  const remembered = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const known = remembered.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const made = make();
    if (remembered.size >= REMEMBERED) remembered.delete(String(remembered.keys().next().value));
    remembered.set(key, made);
    // A failure is for those who wait for it now, not for those who come later.
    made.catch(() => remembered.delete(key));
    return made;
  };

  const readStreams = async (
    sessions: ReadonlySet<string>,
    after: number,
    upTo: number,
    limit: number,
  ): Promise<Found> => {
    const pages = await Promise.all(
      [...sessions].map((stream) => source.events({ after, stream, limit })),
    );
    // As far as every stream was read.
    const position = pages.reduce((least, page) => Math.min(least, edge(page, limit, upTo)), upTo);
    return { events: pages.flat().toSorted((a, b) => a.position - b.position), position };
  };
  const readAll = async (after: number, upTo: number, limit: number): Promise<Found> => {
    const events = await source.events({ after, limit });
    return { events, position: edge(events, limit, upTo) };
  };

  const read = async (filter: Filter, after: number, upTo: number, page: number) => {
    const { sessions } = filter;
    const found =
      sessions !== null && sessions.size <= STREAMS
        ? await readStreams(sessions, after, upTo, Math.max(1, Math.ceil(page / sessions.size)))
        : await readAll(after, upTo, page);
    const texts = found.events
      .filter(
        ({ position, stream, type }) => position <= found.position && matches(filter, stream, type),
      )
      .map(encodeEvent);
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    return {
      frame: texts.length === 0 ? null : eventsFrame(texts, found.position),
      position: found.position,
      next:
        bytes > limits.frameBytes / 2
          ? Math.max(1, Math.floor(page / 4))
          : Math.min(limits.pageEvents, page * 2),
    };
  };

  return {
    read(filter, after, upTo, asked) {
      const page = Math.min(asked, limits.pageEvents);
      return once(`${filter.key} ${after} ${upTo} ${page}`, () => read(filter, after, upTo, page));
    },
    snapshot: ({ sessions, owner }, published) => {
      const names = sessions === null ? undefined : [...sessions];
      const whose = owner?.id;
      return once(`snapshot ${JSON.stringify([names, whose])} ${published}`, async () =>
        snapshotFrame(await source.snapshot(names, whose)),
      );
    },
    forget: () => remembered.clear(),
  };
};

type Found = { readonly events: readonly StoredEvent[]; readonly position: number };

/** How far a page reaches: to its last event when it is full, else to the end of what was asked for. */
const edge = (events: readonly StoredEvent[], limit: number, upTo: number): number =>
  events.length < limit ? upTo : Math.min(upTo, events.at(-1)?.position ?? upTo);
