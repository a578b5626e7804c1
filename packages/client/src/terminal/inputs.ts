/**
 * Input that is under way: each piece has a number, is sent in order and typed once. After a reconnect what the daemon had is told
 * as typed, what it had not is sent again; where that is not known, what was sent is told as unsure and never sent again.
 *
 * While the daemon is there and the terminal's host is not, a little is kept, as ssh and mosh do, and typed when it answers again:
 * only whole, in order, and behind nothing that may have been lost. Half of what was typed is not typed.
 */
import { encodeTerminalBytes, type TerminalBytesKind } from "@skein/contract/light";
import type { Attached, Typed } from "./events.ts";

export type InputKind = Extract<TerminalBytesKind, "input" | "paste">;

type Pending = {
  /** null: it was never sent, or was surely not typed. */
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
  program(state: Attached["program"]["state"]): void;
  /** Nothing is sent any more. */
  end(): void;
  /** The oldest that was sent and is not answered. */
  readonly oldest: number | null;
};

/** What may wait while the daemon is away. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_PIECES = 10_000;
/** What may wait while the terminal's host is: some lines of a person, who does not see them. */
const KEPT_BYTES = 4 * 1024;
/** A break that is too short to be told of is over without a word. */
const PROBE_MS = 1_000;

/** Pieces in their order, and what becomes of them. */
const makePending = () => {
  let pending: Pending[] = [];
  return {
    get all(): readonly Pending[] {
      return pending;
    },
    add: (kind: InputKind, bytes: Uint8Array): { one: Pending; settled: Promise<Typed> } => {
      const { promise, resolve } = Promise.withResolvers<Typed>();
      const one: Pending = { seq: null, kind, bytes, settle: resolve };
      pending.push(one);
      return { one, settled: promise };
    },
    /** Takes out those that pass, and tells them. */
    settle: (passes: (one: Pending) => boolean, how: Typed): void => {
      const settled = pending.filter(passes);
      if (settled.length === 0) return;
      pending = pending.filter((one) => !passes(one));
      for (const one of settled) one.settle(how);
    },
  };
};

const bytesOf = (pieces: readonly Pending[]): number =>
  pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);

const isWaiting = ({ seq }: Pending): boolean => seq === null;

/** `kept` is called whenever it changes how many bytes wait for the terminal's host. */
export const makeInputs = (kept: (bytes: number) => void = () => undefined): Inputs => {
  const pending = makePending();
  let bytes = 0;
  let last = 0;
  let send: ((frame: Uint8Array<ArrayBuffer>) => void) | null = null;
  /** The terminal takes nothing. `silent`: the daemon said so, and will say when that is over. `returning`: it is over. */
  let [away, silent, returning] = [false, false, false];
  /** Something typed since it went away is lost, or may be: nothing behind that is typed. */
  let torn = false;
  let told = 0;
  let probe: ReturnType<typeof setTimeout> | undefined;

  const give = (one: Pending): void => {
    if (send === null) return;
    one.seq ??= ++last;
    send(encodeTerminalBytes({ kind: one.kind, number: one.seq, bytes: one.bytes }));
  };
  const tell = (): void => {
    const now = away ? bytesOf(pending.all.filter(isWaiting)) : 0;
    if (now !== told) kept((told = now));
  };
  const settle = (passes: (one: Pending) => boolean, how: Typed): void => {
    pending.settle(passes, how);
    bytes = bytesOf(pending.all);
  };
  const tear = (): void => {
    torn = true;
    settle(isWaiting, "unreachable");
  };
  /** It takes keys again. What is under way is answered first: it was typed before what was kept. */
  const back = (): void => {
    if (!away || !returning || pending.all.some(({ seq }) => seq !== null)) return;
    [away, returning, torn] = [false, false, false];
    clearTimeout(probe);
    for (const one of pending.all) give(one);
  };
  const ask = (): void => {
    clearTimeout(probe);
    probe = setTimeout(() => {
      if (!away || silent) return;
      const [first] = pending.all;
      if (first?.seq === null) give(first);
      returning ||= first === undefined;
      back();
      tell();
    }, PROBE_MS);
  };
  const isFull = (more: number): boolean =>
    bytesOf(pending.all.filter(isWaiting)) + more > KEPT_BYTES;

  const returned = (one: Pending): void => {
    [away, returning] = [true, false];
    const isLost = torn || isFull(one.bytes.length);
    one.seq = null;
    if (isLost) tear();
    ask();
  };

  return {
    add: (kind, piece) => {
      if (bytes + piece.length > MAX_BYTES || pending.all.length >= MAX_PIECES) return null;
      if (away && send !== null && (torn || isFull(piece.length))) {
        tear();
        tell();
        return Promise.resolve("unreachable");
      }
      const { one, settled } = pending.add(kind, piece);
      bytes += piece.length;
      if (!away) give(one);
      tell();
      return settled;
    },
    connected: (sender, known) => {
      send = sender;
      if (known === null) settle((one) => one.seq !== null, "unsure");
      else settle((one) => one.seq !== null && one.seq <= known, "typed");
      // One that came back with the id of an earlier life goes on behind its numbers.
      last = Math.max(last, known ?? 0);
      [away, silent, returning, torn] = [false, false, false, false];
      for (const one of pending.all) give(one);
      tell();
    },
    disconnected: () => {
      send = null;
      clearTimeout(probe);
    },
    typed: (seq) => {
      const isTyped = (one: Pending): boolean => one.seq !== null && one.seq <= seq;
      // What stands before it and waits would come too late now.
      const at = Math.max(0, pending.all.findLastIndex(isTyped));
      const before = new Set(pending.all.slice(0, at));
      settle((one) => one.seq === null && before.has(one), "unreachable");
      settle(isTyped, "typed");
      torn = false;
      returning = away && !silent;
      back();
      tell();
    },
    refused: (seq, why) => {
      const one = pending.all.find((each) => each.seq === seq);
      if (one === undefined) return;
      if (why === "unreachable") returned(one);
      else settle((each) => each === one, why);
      if (why === "unsure") tear();
      back();
      tell();
    },
    program: (state) => {
      silent = state === "unknown";
      away ||= silent;
      returning = away && !silent;
      if (state === "ended") settle(isWaiting, "ended");
      back();
      tell();
    },
    end: () => {
      clearTimeout(probe);
      settle(() => true, "closed");
      tell();
    },
    get oldest() {
      return pending.all.find(({ seq }) => seq !== null)?.seq ?? null;
    },
  };
};
