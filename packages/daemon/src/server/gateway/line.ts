/** One socket's line: what leaves in order, and how it ends. After `close` nothing more is sent. */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { ServerClock } from "../settings.ts";
import { makeOutbox, type Outbox, type Turn } from "./outbox.ts";

export type Line = Outbox & {
  /** Sends what waits, then the close frame; cuts the line when the peer does not answer. Safe to call twice. */
  close(code: number, reason: string): void;
  /** Cuts it off, whatever the peer does. */
  terminate(): void;
  /** Whether it is ending or has ended. */
  readonly closed: boolean;
  /** Stops and starts reading. */
  pause(): void;
  resume(): void;
};

/** A revoked token's connection is gone within a second, also when its peer is deaf. */
const CUT_MS = 500;
/** A close frame holds at most 123 bytes of reason. */
const REASON_CHARS = 120;

export const makeLine = (
  websocket: WebSocket,
  socket: Duplex,
  clock: ServerClock,
  turn: Turn,
): Line => {
  const outbox = makeOutbox(socket, turn);
  let closed = false;
  websocket.once("close", () => {
    closed = true;
    outbox.shut();
  });
  return {
    ...outbox,
    pending: () => outbox.pending(),
    get closed() {
      return closed;
    },
    close: (code, reason) => {
      if (closed) return;
      closed = true;
      outbox.flush();
      outbox.shut();
      websocket.close(code, reason.replace(/[^ -~]/g, "?").slice(0, REASON_CHARS));
      // A paused line would not hear the peer's own close frame.
      websocket.resume();
      const cancel = clock.after(CUT_MS, () => websocket.terminate());
      websocket.once("close", cancel);
    },
    terminate: () => websocket.terminate(),
    pause: () => websocket.pause(),
    resume: () => websocket.resume(),
  };
};
