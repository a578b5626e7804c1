/** Keys and pastes of a person on their way to the terminal. */
import type { TerminalConnection, Typed } from "@skein/client/terminal";
import { LIMITS } from "@skein/contract/light";
import { HELD_MS, makeDetachKeys, withoutAnswers } from "./keys.ts";
import { makePastes, pastedText } from "./pastes.ts";
import type { Tty } from "./tty.ts";

const PIECE_BYTES = 16 * 1024;
/** The window writes a mark in one go; a key that begins like one, Escape, is held no longer than a person notices. */
const MARK_MS = 25;
/** A paste of which nothing more comes for so long has broken off. */
const PASTE_MS = 10_000;
/** What comes behind it is the rest of it, up to its end; where that does not come, until nothing has come for so long. */
const LATE_MS = 5_000;

/** Who has typed blindly must know of it when they look again. */
const MISSED: Partial<Record<Typed, string>> = {
  unsure: "The last keys before the break may not have arrived: look before you type",
  unreachable: "Keys were not typed while the terminal did not answer: look before you type",
  too_large: "That was too much at once and was not typed: paste it in parts",
  not_text: "The paste is no UTF-8 text and was not typed",
};
const BROKEN = `A paste broke off: it is not typed, nor what still comes until nothing does for ${LATE_MS / 1_000} s`;

type Listener = {
  /** Stays until it is taken back. */
  say(notice: string | null): void;
  readonly hasEnded: () => boolean;
};

/** Tells what was not typed, until something is that was given after the person could know. */
const makeSender = (terminal: TerminalConnection, { say }: Listener) => {
  /** Pieces given; the last of them when it was said that some were not typed. */
  let [count, missed] = [0, 0];
  const miss = (words: string): void => {
    missed = count;
    say(words);
  };
  const watch = (outcome: Promise<Typed>): void => {
    const mine = (count += 1);
    void outcome.then((typed) => {
      const words = MISSED[typed];
      if (words !== undefined) miss(words);
      else if (typed === "typed" && mine > missed) say(null);
    });
  };
  return {
    miss,
    keys: (bytes: string): void => {
      const asked = Buffer.from(withoutAnswers(bytes), "latin1");
      for (let from = 0; from < asked.length; from += PIECE_BYTES)
        watch(terminal.input(asked.subarray(from, from + PIECE_BYTES)));
    },
    paste: (bytes: string | null): void => {
      const text = bytes === null ? null : pastedText(bytes);
      if (text === null) return miss(MISSED[bytes === null ? "too_large" : "not_text"]!);
      watch(terminal.paste(text));
    },
  };
};

/** Until the returned function is called, or the keys that leave come. */
export const typeInto = (
  terminal: TerminalConnection,
  { stdin }: Tty,
  keys: string,
  listener: Listener,
): (() => void) => {
  const detach = makeDetachKeys(keys);
  const late = makeDetachKeys(keys);
  const pastes = makePastes(LIMITS.terminalPasteBytes);
  const send = makeSender(terminal, listener);
  let heldMark: NodeJS.Timeout | undefined;
  let heldKeys: NodeJS.Timeout | undefined;
  const type = (typed: string): void => {
    const { bytes, detach: leaves } = detach.take(typed);
    send.keys(bytes);
    if (leaves || (listener.hasEnded() && /[\rq\x04]/.test(bytes))) terminal.close();
  };
  const hold = (): void => {
    heldKeys = setTimeout(() => send.keys(detach.release()), HELD_MS);
  };
  const giveUp = (): void => {
    type(pastes.release());
    hold();
  };
  const breakOff = (): void => {
    send.miss(BROKEN);
    pastes.breakOff();
  };
  const take = (chunk: Buffer): void => {
    clearTimeout(heldMark);
    clearTimeout(heldKeys);
    for (const read of pastes.take(chunk.toString("latin1"))) {
      if ("keys" in read) type(read.keys);
      else if ("late" in read) {
        // Not typed, but whoever wants to leave may.
        if (late.take(read.late).detach) terminal.close();
      } else {
        // What stands before the paste is typed before it.
        send.keys(detach.release());
        send.paste(read.paste);
      }
    }
    if (pastes.isInside) heldMark = setTimeout(breakOff, PASTE_MS);
    else if (pastes.isBroken) heldMark = setTimeout(giveUp, LATE_MS);
    else if (pastes.isHolding) heldMark = setTimeout(giveUp, MARK_MS);
    hold();
  };
  stdin.on("data", take);
  stdin.resume();
  return () => {
    stdin.off("data", take);
    stdin.pause();
    clearTimeout(heldMark);
    clearTimeout(heldKeys);
  };
};
