/**
 * Input on its way into a terminal: each number of each client once, in the order in which it came. Keys go one behind the other
 * without waiting; a paste waits for the keys before it, and the keys behind it wait for the paste. While the terminal takes
 * nothing, what may wait has a limit; what is beyond it is refused.
 */
import { LIMITS } from "@skein/contract";
import { isAdapterFailure, type Clock } from "@skein/sdk";
import type { Control } from "./control.ts";
import type { Inputs, Outcome } from "./inputs.ts";
import type { Seat } from "./seat.ts";
import { makeTold } from "./told.ts";

export type Typing = {
  keys(seat: Seat, seq: number, bytes: Uint8Array): void;
  paste(seat: Seat, seq: number, bytes: Uint8Array): void;
};

type Deps = {
  readonly clock: Clock;
  readonly inputs: Inputs;
  /** Where it goes now; a word instead: why it cannot. */
  readonly into: () =>
    | { readonly control: Control; readonly pane: string }
    | "ended"
    | "unreachable";
  readonly paste: (text: string) => Promise<void>;
  /** Resolves once it is known whether tmux takes anything: what comes before that waits. */
  readonly ready: Promise<void>;
};

/** Each becomes three characters of one line to tmux. */
const KEYS_IN_ONE = 1_024;

/** What a piece costs beside its bytes. */
const PIECE_BYTES = 512;

/** How much is under way. Once that was too much, nothing is taken before all of it has been answered: no piece is left out between two others. */
const makeLoad = () => {
  let bytes = 0;
  let full = false;
  return {
    take: ({ length }: Uint8Array): boolean => {
      full ||= bytes + length + PIECE_BYTES > LIMITS.terminalTypingBytes;
      if (!full) bytes += length + PIECE_BYTES;
      return !full;
    },
    done: ({ length }: Uint8Array): void => {
      bytes -= length + PIECE_BYTES;
      if (bytes === 0) full = false;
    },
  };
};

/** Of each byte, with a blank before it. */
const HEX = Array.from({ length: 256 }, (_, byte) => ` ${byte.toString(16).padStart(2, "0")}`);

const hex = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += HEX[byte]!;
  return text;
};

const readText = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
};

/** What is sent to tmux; resolves with why not, or null. */
const send = (deps: Deps, bytes: Uint8Array): Promise<Outcome> => {
  const into = deps.into();
  if (typeof into === "string") return Promise.resolve(into);
  const { control, pane } = into;
  return new Promise((resolve) => {
    for (let at = 0; at < bytes.length; at += KEYS_IN_ONE) {
      const part = bytes.subarray(at, at + KEYS_IN_ONE);
      const isLast = at + KEYS_IN_ONE >= bytes.length;
      control.ask(`send-keys -t ${pane} -H${hex(part)}`, 1, (replies) => {
        if (replies === null) return resolve("unsure");
        if (replies[0]?.ok !== true) return resolve("ended");
        if (isLast) resolve(null);
      });
    }
    if (bytes.length === 0) resolve(null);
  });
};

const pasted = async (deps: Deps, text: string): Promise<Outcome> => {
  const into = deps.into();
  if (typeof into === "string") return into;
  try {
    await deps.paste(text);
    return null;
  } catch (error) {
    if (!isAdapterFailure(error) || error.failure.kind === "timeout") return "unsure";
    return error.failure.code === "prompt_too_large" ? "too_large" : "ended";
  }
};

export const makeTyping = (deps: Deps): Typing => {
  /** What a paste waits for. */
  let before: Promise<unknown> = deps.ready;
  /** What keys wait for: null when no paste is on its way. */
  let pasting: Promise<unknown> | null = deps.ready;
  void deps.ready.then(() => {
    if (pasting === deps.ready) pasting = null;
  });
  const load = makeLoad();
  const told = makeTold(deps.clock);

  const { inputs } = deps;
  const answer = (seat: Seat, seq: number, outcome: Outcome): void =>
    outcome === null ? told.typed(seat, seq) : told.refused(seat, seq, outcome);

  const accept = (seat: Seat, seq: number, bytes: Uint8Array, most: number): boolean => {
    const took = inputs.take(seat.key, seq, (outcome) => answer(seat, seq, outcome));
    if (took === "gap") seat.line.close("bad.frame", `Input before number ${seq} is missing.`);
    if (took !== "new") return false;
    const why = bytes.length > most ? "too_large" : load.take(bytes) ? null : "unreachable";
    if (why !== null) inputs.settle(seat.key, seq, why);
    return why === null;
  };
  const settle = (seat: Seat, seq: number, bytes: Uint8Array, outcome: Outcome): void => {
    load.done(bytes);
    inputs.settle(seat.key, seq, outcome);
  };

  return {
    keys: (seat, seq, bytes) => {
      if (!accept(seat, seq, bytes, LIMITS.terminalInputBytes)) return;
      const sent = pasting === null ? send(deps, bytes) : pasting.then(() => send(deps, bytes));
      const settled = sent.then((why) => settle(seat, seq, bytes, why));
      before = before.then(() => settled);
    },
    paste: (seat, seq, bytes) => {
      if (!accept(seat, seq, bytes, LIMITS.terminalPasteBytes)) return;
      const text = readText(bytes);
      if (text === null) return settle(seat, seq, bytes, "not_text");
      const done = before
        .then(() => pasted(deps, text))
        .then((why) => settle(seat, seq, bytes, why))
        .then(() => {
          if (pasting === done) pasting = null;
        });
      pasting = done;
      before = done;
    },
  };
};
