/**
 * The transcript's lines in the order in which they were meant. Pure.
 *
 * Each line names the one that it follows (`parentUuid`). 2.1.197 keeps what it has to write until there is a first prompt, and
 * what comes while it makes the file overtakes that: a result then stands before its call, and the answer of a fork's first turn
 * before its prompt and all of the history. Behind the first line that follows nothing, and what overtook it, all is in order.
 */
import type { Held, State } from "./state.ts";
import { readPlaced, type Placed } from "./wire.ts";

/** What overtakes is a handful of lines. More than this waits for nothing any more. */
const maxHeldChars = 8 * 1024 * 1024;

const followers = (held: readonly Held[], uuid: string): readonly Held[] => {
  const found: Held[] = [];
  const ready = [uuid];
  for (let parent = ready.shift(); parent !== undefined; parent = ready.shift()) {
    const next = held.filter((one) => one.parent === parent);
    found.push(...next);
    ready.unshift(...next.map((one) => one.uuid));
  }
  return found;
};

export type Arranged = { readonly state: State; readonly ready: readonly Placed[] };

const readAgain = (held: readonly Held[]): readonly Placed[] =>
  held.map(({ text }) => readPlaced(text));

/** Those that waited for nothing that will come. */
export const letPass = (state: State): Arranged => ({
  state: { ...state, young: false, held: [] },
  ready: readAgain(state.held),
});

/** Which lines' turn it is with this one. `isRoot`: a prompt that is awaited, whatever it follows. */
export const arrange = (state: State, line: Placed, isRoot: boolean): Arranged => {
  const { uuid, parent, text } = line;
  if (uuid === null) return { state, ready: [line] };
  const isBehind = parent !== null && state.held.some((one) => one.uuid === parent);
  if (parent !== null && !isRoot && (isBehind || state.young)) {
    const next = { ...state, held: [...state.held, { uuid, parent, text }] };
    const chars = next.held.reduce((sum, one) => sum + one.text.length, 0);
    return chars > maxHeldChars ? letPass(next) : { state: next, ready: [] };
  }
  const next = followers(state.held, uuid);
  const held = state.held.filter((one) => !next.includes(one));
  return { state: { ...state, young: false, held }, ready: [line, ...readAgain(next)] };
};
