/**
 * Those who watch the same, live. They share one short log of what was published to them; each has a place in it.
 * Publishing costs the same for one and for ten thousand, a slow one costs the log that it still needs, and one that has
 * fallen behind gets all that waits in one frame, the same frame as the others at its place.
 */
import { eventsFrame } from "./encode.ts";
import type { Filter } from "./filter.ts";
import type { FeedLimits } from "./limits.ts";
import type { EncodedFrame, WatchSink } from "./ports.ts";

export type Watcher = {
  readonly filter: Filter;
  readonly sink: WatchSink;
  phase: "catching" | "live" | "ended";
  /** While it catches up: the position up to which it has everything. */
  position: number;
  /** While it catches up: how many events it reads next. */
  page: number;
  /** While it is live: those with whom, and its place in their log. */
  audience: Audience | null;
  place: number;
  /** Whether its carrier can take more. */
  open: boolean;
  /** Whether it stands in the line for a turn of its own. */
  queued: boolean;
  /** The live words that it has got, or that it was too far behind to get. */
  heard: LiveWords | null;
  /** The last frame, when it has been ended and not yet told. */
  farewell: EncodedFrame | null;
};

/** What one publish meant to an audience, or a part of it when it was long. */
type Entry = {
  readonly events: readonly string[];
  readonly bytes: number;
  /** Who has this entry has everything up to here; who has all before it, everything up to `before`. */
  readonly position: number;
  readonly before: number;
  /** Of all that the log ever held, what came before this entry. */
  readonly bytesBefore: number;
  readonly eventsBefore: number;
};

type LiveWords = { readonly frame: EncodedFrame; readonly items: ReadonlySet<string> };

export type Audience = {
  readonly filter: Filter;
  readonly watchers: Set<Watcher>;
  /** The entries from place `base` on. */
  entries: Entry[];
  base: number;
  bytes: number;
  events: number;
  /** How much it had held in all when laggards were last looked for. */
  looked: { readonly bytes: number; readonly events: number };
  /** The newest live words, with the items they belong to, until all have had their turn. */
  deltas: LiveWords | null;
  /** Who is served next, while they are served one after another; and whether something came since. */
  walk: Iterator<Watcher> | null;
  again: boolean;
  /** The least place of those served in this walk. */
  slowest: number;
  /** Frames made of the log, by the place where they begin. */
  readonly frames: Map<number, { readonly end: number; readonly frame: EncodedFrame }>;
};

/** Places at which frames are remembered at once. */
const FRAMES = 64;

export const makeAudience = (filter: Filter): Audience => ({
  filter,
  watchers: new Set(),
  entries: [],
  base: 0,
  bytes: 0,
  events: 0,
  looked: { bytes: 0, events: 0 },
  deltas: null,
  walk: null,
  again: false,
  slowest: 0,
  frames: new Map(),
});

/** The place of one who has everything. */
export const endOf = (audience: Audience): number => audience.base + audience.entries.length;

/** Adds what was published: everything between `before` and `position` that they want, in order. */
export const append = (
  audience: Audience,
  events: readonly { readonly text: string; readonly bytes: number; readonly position: number }[],
  span: { readonly before: number; readonly position: number },
  limits: FeedLimits,
): void => {
  let texts: string[] = [];
  let bytes = 0;
  let before = span.before;
  const add = (position: number): void => {
    audience.entries.push({
      events: texts,
      bytes,
      position,
      before,
      bytesBefore: audience.bytes,
      eventsBefore: audience.events,
    });
    audience.bytes += bytes;
    audience.events += texts.length;
    texts = [];
    bytes = 0;
    before = position;
  };
  for (const [index, event] of events.entries()) {
    texts.push(event.text);
    bytes += event.bytes;
    if (index === events.length - 1) add(span.position);
    else if (bytes >= limits.frameBytes) add(event.position);
  }
};

/** What waits for one at this place: as much as one frame may hold, and the place after it. Null when nothing does. */
export const frameAt = (
  audience: Audience,
  place: number,
  limits: FeedLimits,
): { readonly end: number; readonly frame: EncodedFrame } | null => {
  const last = endOf(audience);
  if (place >= last) return null;
  const known = audience.frames.get(place);
  // One made before the newest was published may be longer now; a full one may not.
  if (known !== undefined && (known.end === last || known.frame.text.length >= limits.frameBytes))
    return known;

  const texts: string[] = [];
  let bytes = 0;
  let end = place;
  let position = 0;
  while (end < last && bytes < limits.frameBytes) {
    const entry = audience.entries[end - audience.base];
    if (entry === undefined) break;
    texts.push(...entry.events);
    bytes += entry.bytes;
    position = entry.position;
    end += 1;
  }
  const made = { end, frame: eventsFrame(texts, position) };
  if (audience.frames.size >= FRAMES) audience.frames.clear();
  audience.frames.set(place, made);
  return made;
};

/** Where one at this place resumes without gap; `published` when nothing waits for it. */
export const resumeAt = (audience: Audience, place: number, published: number): number =>
  audience.entries[place - audience.base]?.before ?? published;

/** Whether more waits for one at this place than may. */
const lags = (audience: Audience, place: number, limits: FeedLimits): boolean => {
  const next = audience.entries[place - audience.base];
  if (next === undefined) return false;
  return (
    audience.bytes - next.bytesBefore > limits.queueBytes ||
    audience.events - next.eventsBefore > limits.queueEvents
  );
};

/** Looking for laggards costs a look at everyone: it is done once in this part of what may wait. */
const LOOKS = 8;

/** Those for whom too much waits. Asked before something is added, so that one long publish alone puts nobody behind. */
export const laggards = (audience: Audience, limits: FeedLimits): Watcher[] => {
  const { bytes, events, looked } = audience;
  // Someone lags only when one who needs the oldest entry would.
  if (!lags(audience, audience.base, limits)) return [];
  const grown =
    bytes - looked.bytes > limits.queueBytes / LOOKS ||
    events - looked.events > limits.queueEvents / LOOKS;
  if (!grown) return [];
  audience.looked = { bytes, events };
  return [...audience.watchers].filter(({ place }) => lags(audience, place, limits));
};

/** Lets go of what nobody needs any more: all before a place that no watcher is behind. */
export const trim = (audience: Audience, place: number): void => {
  const spent = Math.min(place, endOf(audience)) - audience.base;
  if (spent <= 0) return;
  audience.entries.splice(0, spent);
  audience.base += spent;
  audience.frames.clear();
};
