/** What a terminal writes, as viewers may have it: filtered, numbered, the newest kept. */
import { randomUUID } from "node:crypto";
import { LIMITS } from "@skein/contract";
import { makeFilter } from "./filter.ts";
import { makeRing, type Ring } from "./ring.ts";

export type Stream = {
  /** Another one when a daemon begins anew: offsets of an earlier one mean nothing. */
  readonly id: string;
  readonly ring: Ring;
  /** false: nothing that a viewer may have, for now. Before the first `begin` all is dropped. */
  take(bytes: Uint8Array): boolean;
  /** From here on, behind a snapshot; `unfinished`: the beginning of what follows. What was before cannot be resumed from. */
  begin(unfinished: Uint8Array): void;
  /** What follows does not join what was, until the next `begin`. */
  break(): void;
  readonly begun: boolean;
  /** How often it broke: what was asked before shows nothing of what was lost then. */
  readonly breaks: number;
  /** null: the program has set none since the last `begin`. */
  readonly title: string | null;
};

export const makeStream = (): Stream => {
  const ring = makeRing(LIMITS.terminalRingBytes);
  let filter = makeFilter();
  let begun = false;
  let breaks = 0;
  return {
    id: randomUUID(),
    ring,
    take: (bytes) => {
      if (!begun) return false;
      const clean = filter.take(bytes);
      if (clean.length > 0) ring.append(clean);
      return clean.length > 0;
    },
    begin: (unfinished) => {
      if (begun) return;
      begun = true;
      filter = makeFilter();
      ring.cut();
      filter.take(unfinished);
    },
    break: () => {
      begun = false;
      breaks += 1;
    },
    get breaks() {
      return breaks;
    },
    get begun() {
      return begun;
    },
    get title() {
      return filter.title;
    },
  };
};
