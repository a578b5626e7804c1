/**
 * Input that is under way: each piece has a number, is sent in order and typed once. After a reconnect what was surely typed is told
 * so, all else is sent again and answered; where that is not known, what was sent is told as unsure and never sent again.
 */
import { makeAbsence } from "./absence.ts";
import type { Attached, Typed } from "./events.ts";
import { isUnderWay, isWaiting, makePieces, type InputKind, type Piece } from "./pieces.ts";

export type Inputs = {
  /** Takes a piece; `null`: too much is under way. */
  add(kind: InputKind, bytes: Uint8Array): Promise<Typed> | null;
  /** Connected: all up to `known` was typed; `spent` is the last number that the daemon had of this client. */
  connected(
    send: (frame: Uint8Array<ArrayBuffer>) => void,
    known: number | null,
    spent: number | null,
  ): void;
  disconnected(): void;
  typed(seq: number): void;
  refused(seq: number, why: Typed): void;
  program(state: Attached["program"]["state"]): void;
  /** Nothing is sent any more. */
  end(): void;
  /** The oldest that was sent and is not answered. */
  readonly oldest: number | null;
};

/** What may wait while the daemon is away. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_PIECES = 10_000;
/** `kept` is called whenever it changes how many bytes wait for the terminal's host. */
export const makeInputs = (kept: (bytes: number) => void = () => undefined): Inputs => {
  const pieces = makePieces();
  const absence = makeAbsence(pieces);
  let told = 0;

  const tell = (): void => {
    const now = absence.isAway ? pieces.waitingBytes : 0;
    if (now !== told) kept((told = now));
  };
  const telling = <T extends unknown[], R>(run: (...given: T) => R) => {
    return (...given: T): R => {
      const result = run(...given);
      tell();
      return result;
    };
  };
  return {
    add: telling((kind, bytes) => {
      const isTooMuch = pieces.bytes + bytes.length > MAX_BYTES || pieces.all.length >= MAX_PIECES;
      if (isTooMuch) return null;
      if (absence.refuses(bytes)) return Promise.resolve("unreachable" as const);
      const { one, settled } = pieces.add(kind, bytes);
      if (!absence.isAway) pieces.give(one);
      return settled;
    }),
    connected: telling((sender, known, spent) => {
      if (known === null) pieces.settle(isUnderWay, "unsure");
      else pieces.settle(({ seq }) => seq !== null && seq <= known, "typed");
      // One that came back with the id of an earlier life goes on behind its numbers.
      pieces.connect(sender, spent ?? known ?? 0);
      const sent = pieces.all.filter(isUnderWay).toSorted((a, b) => a.seq! - b.seq!);
      // What stands before one that was sent, and was refused, is not sent before that is answered.
      const behind = Math.max(0, pieces.all.findLastIndex(isUnderWay));
      const isBehind = pieces.all.slice(0, behind).some(isWaiting);
      absence.anew(isBehind);
      for (const one of sent) pieces.give(one);
      if (isBehind) return;
      for (const one of pieces.all.filter(isWaiting)) pieces.give(one);
    }),
    disconnected: () => {
      pieces.connect(null);
      absence.end();
    },
    typed: telling((seq) => {
      const isTyped = (one: Piece): boolean => one.seq !== null && one.seq <= seq;
      // What stands before it and waits would come too late now.
      const last = Math.max(0, pieces.all.findLastIndex(isTyped));
      const before = new Set(pieces.all.slice(0, last));
      pieces.settle((one) => one.seq === null && before.has(one), "unreachable");
      pieces.settle(isTyped, "typed");
      absence.heard();
    }),
    refused: telling((seq, why) => {
      const one = pieces.all.find((each) => each.seq === seq);
      if (one === undefined) return;
      if (why === "unreachable") absence.returned(one);
      else pieces.settle((each) => each === one, why);
      if (why === "unsure") absence.torn();
      absence.answered();
    }),
    program: telling(absence.told),
    end: telling(() => {
      absence.end();
      pieces.settle(() => true, "closed");
    }),
    get oldest() {
      return pieces.all.find(isUnderWay)?.seq ?? null;
    },
  };
};
