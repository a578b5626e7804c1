/** One terminal's socket, from its upgrade to its end. */
import type { WebSocket } from "ws";
import {
  LIMITS,
  TERMINAL_CLOSE,
  TerminalClientFrame,
  decodeTerminalBytes,
  type TerminalCloseReason,
} from "@skein/contract";
import type { Entry } from "../admission.ts";
import type { Live } from "../live.ts";
import type { TerminalLine, TerminalSeat } from "../ports.ts";
import type { Limits, ServerClock } from "../settings.ts";
import { parseStrict } from "../strict-json.ts";

/** A revoked token's terminal is gone at once, also when its peer is deaf. */
const CUT_MS = 500;
const SILENT_BEATS = 2;

export type ServeDeps = {
  readonly live: Live;
  readonly clock: ServerClock;
  readonly limits: Limits;
};

/** Frames that its peer does not take wait up to a limit; beyond that it is sent away. */
const makeLine = (websocket: WebSocket, clock: ServerClock) => {
  let closed = false;
  const close = (reason: TerminalCloseReason, message: string): void => {
    if (closed) return;
    closed = true;
    websocket.send(JSON.stringify({ type: "close", reason, message }));
    websocket.close(TERMINAL_CLOSE[reason], reason);
    const cancel = clock.after(CUT_MS, () => websocket.terminate());
    websocket.once("close", cancel);
  };
  const send = (frame: string | Uint8Array, taken?: () => void): void => {
    if (closed) return;
    if (websocket.bufferedAmount > LIMITS.terminalBufferedBytes)
      return close("lagged", "What was sent is not taken.");
    websocket.send(frame, taken);
  };
  const line: TerminalLine = {
    text: (frame) => send(JSON.stringify(frame)),
    bytes: send,
    close,
  };
  return { line, isClosed: () => closed };
};

const readBytes = (seat: TerminalSeat, data: Buffer): boolean => {
  const frame = decodeTerminalBytes(data);
  if (frame === null || (frame.kind !== "input" && frame.kind !== "paste")) return false;
  seat.input(frame.kind, frame.number, frame.bytes);
  return true;
};

const readText = (seat: TerminalSeat, data: Buffer, depth: number): boolean => {
  const parsed = parseStrict(data, depth, true);
  const frame = parsed.ok ? TerminalClientFrame.safeParse(parsed.value) : null;
  if (frame?.success !== true) return false;
  switch (frame.data.type) {
    case "ack":
      seat.ack(frame.data.offset);
      return true;
    case "resize":
      seat.resize({ columns: frame.data.columns, rows: frame.data.rows });
      return true;
    case "claim":
      seat.claim();
      return true;
  }
};

/** A ping now and then; whoever answers none is cut off, and a credential that stands no more is sent away. */
const startBeat = (
  { clock, limits }: ServeDeps,
  websocket: WebSocket,
  line: TerminalLine,
  recheck: () => Promise<boolean>,
): (() => void) => {
  let silent = 0;
  let cancel = (): void => {};
  websocket.on("pong", () => (silent = 0));
  websocket.on("message", () => (silent = 0));
  const later = (): void => {
    cancel = clock.after(limits.tickIntervalMs, () => {
      if (++silent > SILENT_BEATS) return websocket.terminate();
      websocket.ping();
      // A web page hears no pings.
      line.text({ type: "beat" });
      recheck().then(
        (stands) => (stands ? undefined : line.close("revoked", "The token is no longer valid.")),
        // The store cannot be read now: the next beat asks again.
        () => undefined,
      );
      later();
    });
  };
  later();
  return () => cancel();
};

/** `sit`: null when so many look already. */
export const serveTerminal = (
  deps: ServeDeps,
  websocket: WebSocket,
  entry: Entry & { ok: true },
  sit: (line: TerminalLine) => TerminalSeat | null,
): void => {
  const { line, isClosed } = makeLine(websocket, deps.clock);
  websocket.on("error", () => {});
  const leave = deps.live.enter(entry.caller.token, (why) =>
    why === "revoked"
      ? line.close("revoked", "The token was revoked.")
      : line.close("daemon.stopping", "The daemon stops."),
  );
  if (leave === null) return line.close("revoked", "The token was revoked.");
  const seat = sit(line);
  if (seat === null) {
    leave();
    return line.close("terminal.unavailable", "Too many look at this terminal already.");
  }
  const stopBeat = startBeat(deps, websocket, line, entry.recheck);
  websocket.on("message", (data, isBinary) => {
    if (isClosed()) return;
    const understood = isBinary
      ? readBytes(seat, data as Buffer)
      : readText(seat, data as Buffer, deps.limits.jsonDepth);
    if (!understood) line.close("bad.frame", "That frame is not understood.");
  });
  websocket.once("close", () => {
    stopBeat();
    leave();
    seat.left();
  });
};
