/**
 * Input that is under way: each piece has a number, is sent in order and typed once. After a reconnect what the daemon had is told
 * as typed, what it had not is sent again; where that is not known, what was sent is told as unsure and never sent again.
 */
import { encodeTerminalBytes, type TerminalBytesKind } from "@skein/contract/light";
import type { Typed } from "./events.ts";

export type InputKind = Extract<TerminalBytesKind, "input" | "paste">;

type Pending = {
  /** null: it was never sent. */
  seq: number | null;
  readonly kind: InputKind;
  readonly bytes: Uint8Array;
  settle(typed: Typed): void;
};

export type Inputs = {
  /** Takes a piece; `null`: too much is under way. */
  add(kind: InputKind, bytes: Uint8Array): Promise<Typed> | null;
  /** Connected: `known` is the last number that the daemon had of this client. */
  connected(send: (frame: Uint8Array<ArrayBuffer>) => void, known: number | null): void;
  disconnected(): void;
  typed(seq: number): void;
  refused(seq: number, why: Typed): void;
  /** Nothing is sent any more. */
  end(): void;
  /** The oldest that was sent and is not answered. */
  readonly oldest: number | null;
};

/** What may wait while the daemon is away. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_PIECES = 10_000;

export const makeInputs = (): Inputs => {
  let pending: Pending[] = [];
  let bytes = 0;
  let last = 0;
  let send: ((frame: Uint8Array<ArrayBuffer>) => void) | null = null;

  const give = (one: Pending): void => {
    if (send === null) return;
    one.seq ??= ++last;
    send(encodeTerminalBytes({ kind: one.kind, number: one.seq, bytes: one.bytes }));
  };
  /** Takes out those that pass, and tells them. */
  const settle = (passes: (one: Pending) => boolean, how: Typed): void => {
    const settled = pending.filter(passes);
    pending = pending.filter((one) => !passes(one));
    for (const one of settled) {
      bytes -= one.bytes.length;
      one.settle(how);
    }
  };
  return {
    add: (kind, piece) => {
      if (bytes + piece.length > MAX_BYTES || pending.length >= MAX_PIECES) return null;
      const { promise, resolve } = Promise.withResolvers<Typed>();
      const one: Pending = { seq: null, kind, bytes: piece, settle: resolve };
      pending.push(one);
      bytes += piece.length;
      give(one);
      return promise;
    },
    connected: (sender, known) => {
      send = sender;
      if (known === null) settle((one) => one.seq !== null, "unsure");
      else settle((one) => one.seq !== null && one.seq <= known, "typed");
      // One that came back with the id of an earlier life goes on behind its numbers.
      last = Math.max(last, known ?? 0);
      for (const one of pending) give(one);
    },
    disconnected: () => {
      send = null;
    },
    typed: (seq) => settle((one) => one.seq !== null && one.seq <= seq, "typed"),
    refused: (seq, why) => settle((one) => one.seq === seq, why),
    end: () => settle(() => true, "closed"),
    get oldest() {
      return pending[0]?.seq ?? null;
    },
  };
};
