/**
 * Every connection and request that is under way, by the token that let it in: what is revoked ends at once. A token
 * that was ended here stays ended, so that a connection which was being admitted meanwhile cannot slip in.
 */

type Ending = "revoked" | "shutting-down";

export type Live = {
  /** null when the token has been ended meanwhile. Otherwise: call the returned function when it is over by itself. */
  enter(token: string | null, end: (why: Ending) => void): (() => void) | null;
  disconnect(token: string): void;
  endAll(): void;
  readonly size: number;
};

const MAX_REMEMBERED = 4_096;

type Guest = { readonly token: string | null; readonly end: (why: Ending) => void };

export const makeLive = (): Live => {
  const guests = new Set<Guest>();
  const byToken = new Map<string, Set<Guest>>();
  const ended = new Set<string>();

  const leave = (guest: Guest): void => {
    guests.delete(guest);
    if (guest.token === null) return;
    const others = byToken.get(guest.token);
    others?.delete(guest);
    if (others?.size === 0) byToken.delete(guest.token);
  };

  return {
    enter: (token, end) => {
      if (token !== null && ended.has(token)) return null;
      const guest: Guest = { token, end };
      guests.add(guest);
      if (token !== null) {
        const others = byToken.get(token) ?? new Set();
        byToken.set(token, others.add(guest));
      }
      return () => leave(guest);
    },
    disconnect: (token) => {
      ended.add(token);
      if (ended.size > MAX_REMEMBERED) ended.delete(ended.values().next().value as string);
      for (const guest of byToken.get(token) ?? []) guest.end("revoked");
    },
    endAll: () => {
      for (const guest of guests) guest.end("shutting-down");
    },
    get size() {
      return guests.size;
    },
  };
};
