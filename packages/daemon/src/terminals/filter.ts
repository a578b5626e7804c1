/**
 * Takes a program's bytes and gives what a viewer may have: whole characters and whole escape sequences, without those that
 * sequences.ts leaves out. What is not complete waits for its rest, bounded.
 */
import { characterAt } from "./characters.ts";
import { makeEscapes } from "./escapes.ts";

export type Filter = {
  take(bytes: Uint8Array): Uint8Array;
  /** The last title that the program set; null: none since this filter began. */
  readonly title: string | null;
};

const NOTHING = new Uint8Array();
const [ENQ, ESC] = [0x05, 0x1b];

/** Final bytes of sequences that only draw, whatever numbers they have: moving, erasing, inserting, colours. */
const DRAWS = new Set(Array.from("@ABCDEFGHJKLMPXdfmr", (final) => final.charCodeAt(0)));
/** Longer ones take the other way. */
const SHORT = 64;

/** Where a sequence ends that only draws, has plain parameters and is complete; else -1. Most sequences are such. */
const drawingEnd = (bytes: Uint8Array, escape: number): number => {
  if (bytes[escape + 1] !== 0x5b) return -1;
  const last = Math.min(bytes.length, escape + SHORT);
  for (let at = escape + 2; at < last; at += 1) {
    const byte = bytes[at]!;
    // Digits, colon, semicolon.
    if (byte >= 0x30 && byte <= 0x3b) continue;
    return DRAWS.has(byte) ? at + 1 : -1;
  }
  return -1;
};

/** Where what may pass as it is ends: at another escape, a question (ENQ), or what is no character or not whole. */
const plainEnd = (bytes: Uint8Array, from: number): number => {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte === ESC) {
      const end = drawingEnd(bytes, at);
      if (end === -1) return at;
      at = end;
      continue;
    }
    if (byte === ENQ) return at;
    if (byte < 0x80) at += 1;
    else {
      const size = characterAt(bytes, at);
      if (size <= 0) return at;
      at += size;
    }
  }
  return bytes.length;
};

export const makeFilter = (): Filter => {
  let held = NOTHING;
  let out: Uint8Array[] = [];
  const escapes = makeEscapes((sequence) => out.push(Buffer.from(sequence)));

  /** Plain text and what ends it; returns how far it came. The beginning of a character is held. */
  const ground = (bytes: Uint8Array, from: number): number => {
    const end = plainEnd(bytes, from);
    if (end > from) out.push(bytes.subarray(from, end));
    if (end === bytes.length) return end;
    if (bytes[end] === ESC) escapes.begin();
    if (bytes[end]! < 0x80) return end + 1;
    const size = characterAt(bytes, end);
    if (size < 0) return end - size;
    held = Uint8Array.from(bytes.subarray(end));
    return bytes.length;
  };

  return {
    take: (given) => {
      const bytes = held.length === 0 ? given : Buffer.concat([held, given]);
      held = NOTHING;
      for (let at = 0; at < bytes.length;)
        if (escapes.inside) escapes.take(bytes[at++]!);
        else at = ground(bytes, at);
      const taken = out;
      out = [];
      return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
    },
    get title() {
      return escapes.title;
    },
  };
};
