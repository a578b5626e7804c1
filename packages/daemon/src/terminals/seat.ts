/**
 * One viewer of a terminal: what it has been sent and what it has worked through. At most LIMITS.terminalUnackedBytes are under way to
 * it; the rest waits in the terminal's ring, and what is not there any more is replaced by a snapshot. Nobody waits for it.
 */
import {
  LIMITS,
  TERMINAL_HEADER_BYTES as HEADER,
  encodeTerminalBytes,
  writeTerminalHeader,
  type Terminal,
  type TerminalCloseReason,
  type TerminalServerFrame,
  type TerminalState,
} from "@skein/contract";
import type { Ring } from "./ring.ts";
import type { Size } from "./size.ts";
import type { Snapshot } from "./snapshot.ts";

/** Where its frames go. What is sent after `close` is nobody's. */
export type Line = {
  text(frame: TerminalServerFrame): void;
  /** `taken`: called once the frame's memory may be used again; perhaps never. */
  bytes(frame: Uint8Array, taken?: () => void): void;
  close(reason: TerminalCloseReason, message: string): void;
};

/** What is known of a terminal while somebody looks at it. */
export type Live = {
  readonly size: Size;
  readonly title: string;
  readonly program: TerminalState;
  readonly viewers: number;
};

export type Seat = {
  readonly line: Line;
  /** Who may use the same number again: the caller and its client id. */
  readonly key: string;
  readonly client: string;
  readonly mayType: boolean;
  readonly history: number;
  readonly describe: (live: Live) => Terminal;
  /** null: any size is good. */
  wants: Size | null;
  /** When it last typed, or claimed the size; 0: never. */
  typedAt: number;
  /** It has had `attached`. */
  greeted: boolean;
  readonly flow: Flow;
};

export type Flow = {
  /** It takes no output before it has had a snapshot. */
  readonly needsSnapshot: boolean;
  /** It could be sent something. */
  readonly hasRoom: boolean;
  /** Since when it has acknowledged nothing of what is under way; null: nothing is. */
  readonly silentSince: number | null;
  wantSnapshot(): void;
  /** Goes on at `offset`, as if all before it had been worked through. */
  resume(offset: number): void;
  snapshot(snapshot: Snapshot, offset: number): void;
  /** false: no such offset was sent. */
  ack(offset: number, now: number): boolean;
  /** Sends what there is and there is room for. Returns bytes that it fell behind by, when the ring has lost its place; else 0. */
  pump(ring: Ring, now: number): number;
};

/** In one frame. */
const FRAME_BYTES = 64 * 1024;

/** Of memory that was a big frame the next one is made: what is thrown away in a flood costs more than all else. */
const makeFrames = () => {
  const free: Uint8Array[] = [];
  return (ring: Ring, from: number, most: number, send: Line["bytes"]): number => {
    const length = Math.min(most, FRAME_BYTES, ring.head - from);
    const isBig = length > FRAME_BYTES / 16;
    const whole = isBig ? (free.pop() ?? Buffer.allocUnsafeSlow(HEADER + FRAME_BYTES)) : null;
    const frame = whole?.subarray(0, HEADER + length) ?? Buffer.allocUnsafe(HEADER + length);
    writeTerminalHeader(frame, "output", from);
    ring.copy(from, frame.subarray(HEADER));
    send(frame, () => void (whole !== null && free.push(whole)));
    return length;
  };
};

export const makeFlow = (send: Line["bytes"]): Flow => {
  let needsSnapshot = true;
  let sent = 0;
  let acked = 0;
  /** Of a snapshot that is under way. */
  let picture = 0;
  let silentSince: number | null = null;
  const sendFrame = makeFrames();
  const underWay = (): number => sent - acked + picture;

  return {
    get needsSnapshot() {
      return needsSnapshot;
    },
    get hasRoom() {
      return underWay() < LIMITS.terminalUnackedBytes;
    },
    get silentSince() {
      return silentSince;
    },
    wantSnapshot: () => {
      needsSnapshot = true;
    },
    resume: (offset) => {
      needsSnapshot = false;
      sent = acked = offset;
    },
    snapshot: ({ bytes }, offset) => {
      needsSnapshot = false;
      sent = acked = offset;
      picture = bytes.length;
      send(encodeTerminalBytes({ kind: "snapshot", number: offset, bytes }));
    },
    ack: (offset, now) => {
      if (offset > sent) return false;
      // One that was on its way when a snapshot replaced all before it.
      if (offset < acked) return true;
      acked = offset;
      picture = 0;
      silentSince = underWay() === 0 ? null : now;
      return true;
    },
    pump: (ring, now) => {
      if (needsSnapshot) return 0;
      if (sent < ring.start) return ring.head - sent;
      while (sent < ring.head && underWay() < LIMITS.terminalUnackedBytes) {
        const room = LIMITS.terminalUnackedBytes - underWay();
        sent += sendFrame(ring, sent, room, send);
      }
      if (underWay() > 0) silentSince ??= now;
      return 0;
    },
  };
};
