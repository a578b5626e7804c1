/** Names that only one may hold: what the disk says, and what was decided but is not on the disk yet. */
import type { Claim, Store } from "./ports.ts";

const SPACE = "session-name";

export type Claims = {
  /** Which of these names are held by someone else than `owner`. */
  held(names: readonly string[], owner: string): Promise<ReadonlySet<string>>;
  /** Whether a name was decided for someone else since. */
  pending(name: string, owner: string): boolean;
  take(names: readonly string[], owner: string): readonly Claim[];
  release(names: readonly string[], owner: string): readonly Claim[];
  /** The commit is over, well or badly: the disk knows better now. */
  settle(claims: readonly Claim[]): void;
};

const nobody: ReadonlySet<string> = new Set();

export const makeClaims = (store: Pick<Store, "claimed">): Claims => {
  const taken = new Map<string, string>();
  const asClaims = (names: readonly string[], owner: string): Claim[] =>
    names.map((key) => ({ space: SPACE, key, owner }));
  return {
    held: async (names, owner) => {
      if (names.length === 0) return nobody;
      const held = new Set<string>();
      for (const name of names) {
        const holder = await store.claimed(SPACE, name);
        if (holder !== null && holder !== owner) held.add(name);
      }
      return held;
    },
    pending: (name, owner) => {
      const holder = taken.get(name);
      return holder !== undefined && holder !== owner;
    },
    take: (names, owner) => {
      for (const name of names) taken.set(name, owner);
      return asClaims(names, owner);
    },
    release: asClaims,
    settle: (claims) => {
      for (const claim of claims) taken.delete(claim.key);
    },
  };
};
