/** All audiences: by what they ask for, and by session, so that a publish touches those alone whom it concerns. */
import { makeAudience } from "./audience.ts";
import type { Audience } from "./audience.ts";
import type { Filter } from "./filter.ts";

export type Audiences = {
  /** The one for this filter, made when there is none. */
  join(filter: Filter): Audience;
  /** Forgets it when nobody is left. */
  left(audience: Audience): void;
  /** Those that want something of one of these streams. */
  of(streams: Iterable<string>): Set<Audience>;
  readonly size: number;
};

export const makeAudiences = (): Audiences => {
  const byKey = new Map<string, Audience>();
  const everything = new Set<Audience>();
  const bySession = new Map<string, Set<Audience>>();

  const enter = (audience: Audience): void => {
    const { sessions } = audience.filter;
    if (sessions === null) everything.add(audience);
    for (const session of sessions ?? []) {
      const there = bySession.get(session);
      if (there === undefined) bySession.set(session, new Set([audience]));
      else there.add(audience);
    }
  };
  const leave = (audience: Audience): void => {
    everything.delete(audience);
    for (const session of audience.filter.sessions ?? []) {
      const there = bySession.get(session);
      there?.delete(audience);
      if (there?.size === 0) bySession.delete(session);
    }
  };

  return {
    join(filter) {
      const known = byKey.get(filter.key);
      if (known !== undefined) return known;
      const made = makeAudience(filter);
      byKey.set(filter.key, made);
      enter(made);
      return made;
    },
    left(audience) {
      if (audience.watchers.size > 0) return;
      byKey.delete(audience.filter.key);
      leave(audience);
    },
    of(streams) {
      const found = new Set(everything);
      for (const stream of streams)
        for (const audience of bySession.get(stream) ?? []) found.add(audience);
      return found;
    },
    get size() {
      return byKey.size;
    },
  };
};
