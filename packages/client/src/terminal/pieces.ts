/** Pieces of input in their order, each told once what became of it. */
import { encodeTerminalBytes, type TerminalBytesKind } from "@skein/contract/light";
import type { Typed } from "./events.ts";

export type InputKind = Extract<TerminalBytesKind, "input" | "paste">;

export type Piece = {
  /** null: it was never sent, or was surely not typed. */
  seq: number | null;
  readonly kind: InputKind;
  readonly bytes: Uint8Array;
  settle(typed: Typed): void;
};

type Send = (frame: Uint8Array<ArrayBuffer>) => void;

const bytesOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);

export const isWaiting = ({ seq }: Piece): boolean => seq === null;
export const isUnderWay = ({ seq }: Piece): boolean => seq !== null;

export const makePieces = () => {
  let pieces: Piece[] = [];
  let bytes = 0;
  let last = 0;
  let send: Send | null = null;
  return {
    get all(): readonly Piece[] {
      return pieces;
    },
    get bytes() {
      return bytes;
    },
    get waitingBytes() {
      return bytesOf(pieces.filter(isWaiting));
    },
    get isConnected() {
      return send !== null;
    },
    /** null: it is not. Numbers go on behind `known`. */
    connect: (sender: Send | null, known = 0): void => {
      send = sender;
      last = Math.max(last, known);
    },
    add: (kind: InputKind, given: Uint8Array): { one: Piece; settled: Promise<Typed> } => {
      const { promise, resolve } = Promise.withResolvers<Typed>();
      const one: Piece = { seq: null, kind, bytes: given, settle: resolve };
      pieces.push(one);
      bytes += given.length;
      return { one, settled: promise };
    },
    give: (one: Piece): void => {
      if (send === null) return;
      one.seq ??= ++last;
      send(encodeTerminalBytes({ kind: one.kind, number: one.seq, bytes: one.bytes }));
    },
    /** Takes out those that pass, and tells them. */
    settle: (passes: (one: Piece) => boolean, how: Typed): void => {
      const settled = pieces.filter(passes);
      if (settled.length === 0) return;
      pieces = pieces.filter((one) => !passes(one));
      bytes = bytesOf(pieces);
      for (const one of settled) one.settle(how);
    },
  };
};
export type Pieces = ReturnType<typeof makePieces>;
