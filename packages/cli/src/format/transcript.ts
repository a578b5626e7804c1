/** Items and lifecycle lines in the order they happened. Pure. */
import type { EventData, Item, SkeinEvent } from "@skein/contract";
import { makeLifecycle, type Line } from "./lifecycle.ts";

/** All that is known of a session, in its order. */
export type History = { readonly items: readonly Item[]; readonly events: readonly SkeinEvent[] };

export type Entry = { readonly item: Item } | { readonly line: Line };

/**
 * `items` as they are now, each where it first appeared; `events` from the session's first. An item whose event is not among
 * them (it came after they were read) stands at the end.
 */
export const entriesOf = (items: readonly Item[], events: readonly SkeinEvent[]): Entry[] => {
  const left = new Map(items.map((item) => [item.id, item]));
  const line = makeLifecycle();
  const entries: Entry[] = [];
  for (const event of events) {
    if (event.type === "session.item") {
      const { item } = event.data as EventData<"session.item">;
      const now = left.get(item.id);
      if (now !== undefined) entries.push({ item: now });
      left.delete(item.id);
      continue;
    }
    const said = line(event);
    if (said !== null) entries.push({ line: said });
  }
  return [...entries, ...[...left.values()].map((item) => ({ item }))];
};
