/** One socket of a terminal, from its opening to its end. It does not come back; who wants that opens another. */
import type {
  Problem,
  TerminalClientFrame,
  TerminalCloseReason,
  TerminalServerFrame,
} from "@skein/contract";
import { decodeTerminalBytes } from "@skein/contract/light";
import type { Attached, TerminalEvents } from "./events.ts";
import type { TerminalSocketLike } from "./socket-like.ts";

/** How one socket ended. `problem`: it was not let in. `nonsense`: what answers is no terminal. */
export type SocketEnd =
  | { readonly how: "closed"; readonly reason: TerminalCloseReason; readonly message: string }
  | { readonly how: "refused"; readonly problem: Problem }
  | { readonly how: "cut"; readonly wasOpen: boolean }
  | { readonly how: "nonsense" };

/** How far the stream was seen; goes over from one socket to the next. */
export type Place = { stream: string | null; seen: number };

type AttachmentDeps = {
  readonly place: Place;
  /** Given up when it has not attached by then. */
  readonly openMs: number;
  /** Given up when nothing is heard for so long. */
  readonly silenceMs: number;
  readonly on: TerminalEvents;
  /** `known`: all input of this client up to it was typed; null: the daemon does not know. */
  readonly attached: (attached: Attached, attachment: Attachment, known: number | null) => void;
  readonly typed: (seq: number) => void;
  readonly refused: (
    seq: number,
    reason: Extract<TerminalServerFrame, { type: "refused" }>["reason"],
  ) => void;
};

export type Attachment = {
  say(frame: TerminalClientFrame): void;
  send(frame: Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
};

const asBytes = (data: unknown): Uint8Array | null => {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return data instanceof Uint8Array ? data : null;
};

const frameOf = (text: string): TerminalServerFrame | null => {
  try {
    const frame = JSON.parse(text) as TerminalServerFrame | null;
    return typeof frame?.type === "string" ? frame : null;
  } catch {
    return null;
  }
};

const NORMAL = 1000;
export const SILENT = 4000;

/** Of a link that is half open nobody is told: it is noticed by what does not come. `end` must be called. */
const watchSilence = ({ openMs, silenceMs }: AttachmentDeps, giveUp: () => void) => {
  let heard = true;
  const opening = setTimeout(giveUp, openMs);
  // After one to two of these.
  const silence = setInterval(() => {
    if (!heard) return giveUp();
    heard = false;
  }, silenceMs);
  return {
    heard: (): void => void (heard = true),
    attached: (): void => clearTimeout(opening),
    end: (): void => {
      clearTimeout(opening);
      clearInterval(silence);
    },
  };
};

/** Acknowledges what was worked through, as often as the daemon wants to hear it. */
const makeAcks = (say: Attachment["say"]) => {
  let every = 0;
  let acked = 0;
  return {
    begin: (attached: Attached): void => {
      every = attached.limits.ackBytes;
      acked = attached.offset;
    },
    done: (offset: number, atOnce: boolean): void => {
      if (offset < acked || (!atOnce && offset - acked < every)) return;
      acked = offset;
      say({ type: "ack", offset });
    },
  };
};

/** Bytes of the stream, each handed on once. */
const takeBytes = (
  data: Uint8Array,
  { place, on }: AttachmentDeps,
  acks: ReturnType<typeof makeAcks>,
): "taken" | "nonsense" | "gap" => {
  const found = decodeTerminalBytes(data);
  if (found === null) return "nonsense";
  const { kind, number, bytes } = found;
  if (kind === "snapshot") {
    place.seen = number;
    on.snapshot(bytes, () => acks.done(number, true));
    return "taken";
  }
  if (kind !== "output") return "nonsense";
  if (number > place.seen) return "gap";
  const offset = number + bytes.length;
  // What was seen already is not shown again.
  const fresh = bytes.subarray(Math.min(bytes.length, place.seen - number));
  if (fresh.length === 0) acks.done(offset, false);
  else {
    place.seen = offset;
    on.output(fresh, () => acks.done(offset, false));
  }
  return "taken";
};

/** What a text frame says, to whom it concerns. `attached` and `close` concern the socket, and are dealt with there. */
const takeText = (frame: TerminalServerFrame, { place, on, typed, refused }: AttachmentDeps) => {
  switch (frame.type) {
    case "size":
      return on.size?.(frame);
    case "title":
      return on.title?.(frame.title);
    case "typed":
      return typed(frame.seq);
    case "refused":
      return refused(frame.seq, frame.reason);
    case "skipped":
      place.seen = frame.to;
      return;
    case "program":
      return on.program?.(frame.program);
    default:
      // A newer daemon may say more than this client knows.
      return;
  }
};

/** Resolves when the socket has ended, however that came. Never rejects. */
export const attach = (socket: TerminalSocketLike, deps: AttachmentDeps): Promise<SocketEnd> => {
  const { place, on } = deps;
  const { promise, resolve } = Promise.withResolvers<SocketEnd>();
  let state: "opening" | "open" | "attached" | "over" = "opening";
  const end = (how: SocketEnd, code = NORMAL, reason = ""): void => {
    if (state === "over") return;
    const isOpen = state !== "opening";
    state = "over";
    silence.end();
    resolve(how);
    if (isOpen) socket.close(code, reason);
  };
  const silence = watchSilence(deps, () => {
    const wasOpen = state !== "opening";
    end({ how: "cut", wasOpen }, SILENT, "nothing was heard");
    // One that is not open yet ends its opening.
    if (!wasOpen) socket.close(NORMAL);
  });
  const attachment: Attachment = {
    say: (frame) => void (state === "attached" && socket.send(JSON.stringify(frame))),
    send: (frame) => void (state === "attached" && socket.send(frame)),
    close: (code, reason) => end({ how: "cut", wasOpen: true }, code, reason),
  };
  const acks = makeAcks(attachment.say);

  const takeFrame = (frame: TerminalServerFrame | null): void => {
    if (frame === null) return end({ how: "nonsense" });
    if (frame.type === "close") {
      return end({ how: "closed", reason: frame.reason, message: frame.message });
    }
    if (frame.type !== "attached") return takeText(frame, deps);
    state = "attached";
    silence.attached();
    // The same stream is the same daemon: that it knows of nothing means that nothing came.
    const known = frame.inputSeq ?? (frame.stream === place.stream ? 0 : null);
    place.stream = frame.stream;
    place.seen = frame.offset;
    acks.begin(frame);
    on.attached?.(frame);
    deps.attached(frame, attachment, known);
  };

  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => void (state === "opening" && (state = "open")));
  socket.addEventListener("message", ({ data }) => {
    if (state === "over") return;
    silence.heard();
    if (typeof data === "string") return takeFrame(frameOf(data));
    const bytes = asBytes(data);
    const taken =
      bytes === null || state !== "attached" ? "nonsense" : takeBytes(bytes, deps, acks);
    if (taken === "nonsense") return end({ how: "nonsense" });
    if (taken === "taken") return;
    // With a hole in it, what is shown would be garbage: the next socket begins with a snapshot.
    place.stream = null;
    end({ how: "cut", wasOpen: true }, NORMAL, "bytes are missing");
  });
  socket.addEventListener("error", ({ problem }) => {
    // A close event follows every error.
    if (problem !== undefined) end({ how: "refused", problem });
  });
  socket.addEventListener("close", () => end({ how: "cut", wasOpen: state !== "opening" }));
  return promise;
};
