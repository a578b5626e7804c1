/** What was published or said goes to the audiences that it concerns; who hangs there stands in line for it. */
import type { Delta } from "@skein/contract";
import type { StoredEvent } from "../engine/ports.ts";
import { append, laggards } from "./audience.ts";
import type { Audience, Watcher } from "./audience.ts";
import type { Audiences } from "./audiences.ts";
import { itemKey } from "./deltas.ts";
import { deltasFrame, encodeEvent } from "./encode.ts";
import { concerns, matches } from "./filter.ts";
import type { FeedLimits } from "./limits.ts";

type Broadcast = {
  /** All that lies between two positions. Those for whom too much waits already go to `lagging` first. */
  readonly events: (
    events: readonly StoredEvent[],
    span: { readonly before: number; readonly position: number },
  ) => void;
  /** To those who are not behind; the others never get them. */
  readonly deltas: (deltas: readonly Delta[]) => void;
  /** Who has not got an item's live words yet never will. */
  readonly settle: (session: string, item: string) => void;
};

export const makeBroadcast = (deps: {
  readonly audiences: Audiences;
  readonly limits: FeedLimits;
  /** Something waits for all of them. */
  readonly due: (audience: Audience) => void;
  readonly lagging: (watcher: Watcher) => void;
}): Broadcast => {
  const { audiences, limits, due, lagging } = deps;
  return {
    events(events, span) {
      if (audiences.size === 0) return;
      const encoded = events.map(encodedOnce);
      for (const audience of audiences.of(new Set(events.map(({ stream }) => stream)))) {
        const { filter } = audience;
        const wanted = encoded.filter(({ event }) => matches(filter, event.stream, event.type));
        if (wanted.length === 0) continue;
        for (const watcher of laggards(audience, limits)) lagging(watcher);
        append(
          audience,
          wanted.map(({ encode }) => encode()),
          span,
          limits,
        );
        due(audience);
      }
    },
    deltas(deltas) {
      const everything = deltasFrame(deltas);
      for (const audience of audiences.of(new Set(deltas.map(({ session }) => session)))) {
        const { filter } = audience;
        if (!filter.live) continue;
        const wanted = deltas.filter(({ session }) => concerns(filter, session));
        if (wanted.length === 0) continue;
        const frame = wanted.length === deltas.length ? everything : deltasFrame(wanted);
        const items = new Set(wanted.map(({ session, item }) => itemKey(session, item)));
        audience.deltas = { frame, items };
        due(audience);
      }
    },
    settle(session, item) {
      const key = itemKey(session, item);
      for (const audience of audiences.of([session]))
        if (audience.deltas?.items.has(key) === true) audience.deltas = null;
    },
  };
};

/** An event's text, made when the first one wants it. */
const encodedOnce = (event: StoredEvent) => {
  let made: { text: string; bytes: number; position: number } | null = null;
  const encode = () => {
    if (made !== null) return made;
    const text = encodeEvent(event);
    made = { text, bytes: text.length, position: event.position };
    return made;
  };
  return { event, encode };
};
