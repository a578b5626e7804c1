/**
 * A terminal in the hands of a person or a program: its screen and what follows on it, each byte once, over any number of
 * connections; and keys that are typed once, whatever breaks on the way.
 *
 * Whoever connects closes it. A slow reader (one that calls `done` late) slows its own stream only: the daemon skips ahead and
 * sends a snapshot.
 */
import type { TerminalCloseReason } from "@skein/contract";
import { transportFailure } from "../failure.ts";
import { ATTEMPTS, backOff, pause as realPause, type Pause } from "../pause.ts";
import { SILENT, attach, type Attachment, type Place, type SocketEnd } from "./attachment.ts";
import type { Attached, TerminalEnd, TerminalEvents, TerminalSize, Typed } from "./events.ts";
import { makeInputs, type Inputs } from "./inputs.ts";
import type { InputKind } from "./pieces.ts";
import type { OpenTerminalSocket, TerminalSocketLike } from "./socket-like.ts";

export type TerminalOptions = {
  /** The address (`ws://host/api/terminals/ID`), or how a socket to it is opened. */
  readonly socket: string | OpenTerminalSocket;
  /** Names this client over its reconnects; default: drawn. Two connections with one name replace each other. */
  readonly client?: string;
  readonly size?: TerminalSize;
  readonly readOnly?: boolean;
  /** Scrollback lines of a snapshot. */
  readonly history?: number;
  readonly on: TerminalEvents;
  readonly pause?: Pause;
  /** Attempts in a row before it is given up; the first connection gets FIRST_ATTEMPTS of them. */
  readonly attempts?: number;
  /** Typed input that stays unanswered for so long means a dead connection: another one is opened. */
  readonly answerMs?: number;
  /** A connection that has not attached by then is given up. */
  readonly openMs?: number;
  /** One on which nothing is heard for so long (the daemon says something at least every LIMITS.tickIntervalMs) is given up. */
  readonly silenceMs?: number;
};

export type TerminalConnection = {
  /** Keys, as bytes. Resolves when it is known what became of them; never rejects. */
  input(bytes: Uint8Array): Promise<Typed>;
  /** Text as it is, in one piece. */
  paste(text: string): Promise<Typed>;
  resize(size: TerminalSize): void;
  /** Its size shall rule, as if something had been typed. */
  claim(): void;
  readonly client: string;
  /** Resolves when it is over for good. Never rejects. */
  readonly ended: Promise<TerminalEnd>;
  close(): void;
};

const FIRST_ATTEMPTS = 3;
const ANSWER_MS = 20_000;
const OPEN_MS = 20_000;
const SILENCE_MS = 75_000;

/** After these another connection makes sense. */
const COMES_BACK: ReadonlySet<TerminalCloseReason> = new Set<TerminalCloseReason>([
  "lagged",
  "daemon.stopping",
  "host.unreachable",
  "terminal.unavailable",
  "internal",
]);

const opener = (socket: TerminalOptions["socket"]): OpenTerminalSocket =>
  typeof socket === "string"
    ? (query) => new WebSocket(`${socket}${query}`) as TerminalSocketLike
    : socket;

type Session = {
  readonly options: TerminalOptions;
  readonly client: string;
  readonly place: Place;
  readonly inputs: Inputs;
  size: TerminalSize | undefined;
  attachment: Attachment | null;
  attached: Attached | null;
  readonly leaving: AbortController;
};

const queryOf = ({ options, client, size, place }: Session): string => {
  const query = new URLSearchParams({ client });
  if (size !== undefined) {
    query.set("columns", String(size.columns));
    query.set("rows", String(size.rows));
  }
  if (options.readOnly === true) query.set("readOnly", "true");
  if (options.history !== undefined) query.set("history", String(options.history));
  if (place.stream !== null) {
    query.set("stream", place.stream);
    query.set("from", String(place.seen));
  }
  return `?${query.toString()}`;
};

const NORMAL = 1000;

/** Ends a socket on which what was typed stays unanswered. */
const watchAnswers = ({ inputs, options }: Session, attachment: () => Attachment | null) => {
  let oldest: number | null = null;
  return setInterval(() => {
    const now = attachment() === null ? null : inputs.oldest;
    if (now !== null && now === oldest) attachment()?.close(SILENT, "nothing was heard");
    oldest = now;
  }, options.answerMs ?? ANSWER_MS);
};

/** One connection, from its opening to its end. */
const once = async (session: Session, open: OpenTerminalSocket): Promise<SocketEnd> => {
  const { options, place, inputs, leaving } = session;
  let socket: TerminalSocketLike;
  try {
    socket = open(queryOf(session));
  } catch {
    return { how: "nonsense" };
  }
  const leave = (): void => {
    session.attachment?.close(NORMAL, "the client is done");
    // One that is not open yet ends its opening.
    socket.close(NORMAL);
  };
  leaving.signal.addEventListener("abort", leave, { once: true });
  const answers = watchAnswers(session, () => session.attachment);
  const end = await attach(socket, {
    place,
    on: {
      ...options.on,
      program: (program) => {
        options.on.program?.(program);
        inputs.program(program.state);
      },
    },
    openMs: options.openMs ?? OPEN_MS,
    silenceMs: options.silenceMs ?? SILENCE_MS,
    typed: inputs.typed,
    refused: inputs.refused,
    attached: (attached, attachment, known) => {
      session.attached = attached;
      session.attachment = attachment;
      inputs.connected(attachment.send, known, attached.inputLast);
      inputs.program(attached.program.state);
    },
  });
  clearInterval(answers);
  inputs.disconnected();
  session.attachment = null;
  leaving.signal.removeEventListener("abort", leave);
  return end;
};

/** What an end means: over for good, or why it is tried again. */
const verdict = (end: SocketEnd): { over: TerminalEnd } | { lost: LostWhy } => {
  switch (end.how) {
    case "closed":
      return COMES_BACK.has(end.reason)
        ? { lost: { reason: end.reason, message: end.message } }
        : { over: { reason: end.reason, message: end.message } };
    case "refused":
      return end.problem.retryable
        ? { lost: { reason: "cut", message: end.problem.message } }
        : { over: { reason: "refused", problem: end.problem } };
    case "nonsense": {
      const words = "What answers there is no terminal of Skein.";
      return { over: { reason: "failed", failure: transportFailure("not-skein", words) } };
    }
    case "cut": {
      const words = end.wasOpen ? "The connection to the daemon broke." : "No daemon answers.";
      return { lost: { reason: "cut", message: words } };
    }
  }
};
type LostWhy = Parameters<NonNullable<TerminalEvents["lost"]>>[0];

/** Connects, and connects again, until it is over. */
const run = async (session: Session): Promise<TerminalEnd> => {
  const { options, leaving } = session;
  const open = opener(options.socket);
  const pause = options.pause ?? realPause;
  let failed = 0;
  while (!leaving.signal.aborted) {
    session.attached = null;
    const end = await once(session, open);
    if (leaving.signal.aborted) break;
    // Let in: whatever failed before counts no more.
    if (session.attached !== null) failed = 0;
    const found = verdict(end);
    if ("over" in found) return found.over;
    failed += 1;
    const most = session.place.stream === null ? FIRST_ATTEMPTS : ATTEMPTS;
    if (failed >= (options.attempts ?? most)) {
      const reason = end.how === "cut" && !end.wasOpen ? "unreachable" : "broken";
      return { reason: "failed", failure: transportFailure(reason, found.lost.message) };
    }
    options.on.lost?.(found.lost);
    await pause(backOff(failed), leaving.signal);
  }
  return { reason: "left" };
};

export const connectTerminal = (options: TerminalOptions): TerminalConnection => {
  const session: Session = {
    options,
    client: options.client ?? crypto.randomUUID(),
    place: { stream: null, seen: 0 },
    inputs: makeInputs(options.on.kept),
    size: options.size,
    attachment: null,
    attached: null,
    leaving: new AbortController(),
  };
  const { inputs } = session;
  const ended = run(session).finally(inputs.end);
  const give = async (kind: InputKind, bytes: Uint8Array, most: number): Promise<Typed> => {
    if (session.attached?.readOnly ?? options.readOnly ?? false) return "read_only";
    if (session.leaving.signal.aborted) return "closed";
    if (bytes.length > most) return "too_large";
    return inputs.add(kind, bytes) ?? "too_large";
  };
  return {
    input: (bytes) => give("input", bytes, session.attached?.limits.inputBytes ?? 65_536),
    paste: (text) => {
      const most = session.attached?.limits.pasteBytes ?? 1_048_576;
      return give("paste", new TextEncoder().encode(text), most);
    },
    resize: (size) => {
      session.size = size;
      session.attachment?.say({ type: "resize", ...size });
    },
    claim: () => session.attachment?.say({ type: "claim" }),
    client: session.client,
    ended,
    close: () => session.leaving.abort(),
  };
};
