/** Which sessions are whose, for watchers: they see those that are created later, too, so the set grows while they watch. */
import type { EventData } from "@skein/contract";
import type { StoredEvent, Store } from "../engine/ports.ts";
import type { WatchOwner } from "../feed/ports.ts";
import { eachOf } from "./own.ts";

export type Owners = {
  /** The sessions of a token, those deleted too: the same growing set for all who ask. */
  of(token: string): Promise<WatchOwner>;
  /** Must be called with every commit, before the feed tells of it. */
  published(events: readonly StoredEvent[]): void;
};

type Known = { readonly ids: Set<string>; readonly loaded: Promise<void> };

/** Kept for tokens that have watched: there are as many as tokens, and an id for each of their sessions. */
export const makeOwners = (store: Store): Owners => {
  const known = new Map<string, Known>();

  const load = async (token: string, ids: Set<string>): Promise<void> => {
    for await (const row of eachOf(store, "session", token, "all")) ids.add(row.id);
  };
  /** What is created while it loads is in it already: the set is there before the first look. */
  const begin = (token: string): Known => {
    const ids = new Set<string>();
    const loaded = load(token, ids);
    const made = { ids, loaded };
    known.set(token, made);
    loaded.catch(() => known.delete(token));
    return made;
  };

  return {
    of: async (token) => {
      const { ids, loaded } = known.get(token) ?? begin(token);
      await loaded;
      return { id: token, has: (stream) => ids.has(stream) };
    },
    published: (events) => {
      if (known.size === 0) return;
      for (const { type, stream, data } of events) {
        if (type !== "session.created") continue;
        const { token } = JSON.parse(data) as EventData<"session.created">;
        if (token != null) known.get(token)?.ids.add(stream);
      }
    },
  };
};
