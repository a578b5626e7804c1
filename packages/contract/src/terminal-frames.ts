/**
 * The WebSocket of a terminal: `GET /api/terminals/{terminal}`, `/api/sessions/{session}/terminal`,
 * `/api/tasks/{task}/terminal`. Text frames are JSON (below); binary frames carry bytes (terminal-bytes.ts).
 *
 * Who may: `operator.read` to look; `operator.write` and `operator.approvals` to type, paste and resize. Refused means an HTTP
 * status before the upgrade, with a Problem as its body.
 *
 * Bytes: output is numbered by its first byte's offset in a *stream*. A stream is what one terminal has shown since this
 * daemon began to listen to it; its id changes with the daemon and with a new start of the listening. A client that comes
 * back with `stream` and `from` (the offset that it has seen up to) goes on there when the server still has that; else it gets
 * a snapshot, which replaces all that it shows. What the terminal's program asks of a terminal (device attributes, cursor
 * position, colours, clipboard) never reaches a client, neither in snapshots nor live: tmux has answered it. Titles come as
 * frames, links only with http and https, clipboard writes not at all.
 *
 * Pastes: whether the program asked for bracketed paste is the server's business, and that mode never reaches a client. A client
 * recognises a paste by itself (a terminal: by switching bracketed paste on for itself) and sends it as a paste frame.
 *
 * Input: each input or paste frame carries a number that grows by one for each client id. The server types each number
 * once, in order, and answers `typed` or `refused`; one that it has had already it answers again as it did then, and types
 * nothing; one that leaves out another closes the socket with `bad.frame`. After a reconnect the client looks at
 * `attached.inputSeq`: all up to that was typed; what is beyond it and not answered is sent again, lowest number first. With
 * `inputSeq` null this daemon does not know the client: what was not acknowledged may have been typed or not, and must not be sent again.
 *
 * Flow: the server has at most LIMITS.terminalUnackedBytes under way to a client beyond what it acknowledged (`ack`, at least
 * every LIMITS.terminalAckBytes, once the bytes are parsed). A client that stays behind by more than the server keeps is skipped
 * ahead: `skipped`, then a snapshot. Nobody else waits for it.
 *
 * Size: there is one size for all. Who typed last among those who may type rules it (at first: who came first); the
 * others are told and show the terminal letterboxed in that size. Each change is a `size` frame, followed by a snapshot.
 */
import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { Instant } from "./primitives.ts";
import type { Scope } from "./scopes.ts";
import { Terminal, TerminalSize } from "./terminal.ts";

export const TERMINAL_PROTOCOL = 1;

export const TERMINAL_SCOPES = {
  look: ["operator.read"],
  type: ["operator.write", "operator.approvals"],
} as const satisfies Record<string, readonly Scope[]>;

export const terminalPath = {
  terminal: (ref: string): string => `/api/terminals/${encodeURIComponent(ref)}`,
  session: (ref: string): string => `/api/sessions/${encodeURIComponent(ref)}/terminal`,
  task: (id: string): string => `/api/tasks/${encodeURIComponent(id)}/terminal`,
};

const Offset = z.int().min(0);
const Seq = z.int().min(0);

/** Names the client over its reconnects. A second connection with the same id and the same caller replaces the first. */
export const TerminalClient = z
  .string()
  .regex(
    /^[A-Za-z0-9._:-]{1,128}$/,
    "use 1 to 128 letters, digits, dots, colons, hyphens or underscores",
  );

const numeral = z
  .string()
  .regex(/^\d{1,15}$/, "use digits")
  .transform(Number);

/** The query of the upgrade. Every parameter is optional; one that is not known is refused. */
export const TerminalAttach = z.strictObject({
  client: TerminalClient.optional().describe("Default: one that nobody else has"),
  columns: numeral.pipe(TerminalSize.columns).optional().describe("The size that it wants"),
  rows: numeral.pipe(TerminalSize.rows).optional(),
  readOnly: z
    .enum(["true", "false"])
    .transform((value) => value === "true")
    .optional()
    .describe("Default: false for who may type, true for all others"),
  stream: z.string().min(1).max(64).optional().describe("With `from`: resume there if possible"),
  from: numeral.pipe(Offset).optional(),
  history: numeral
    .pipe(z.int().min(0).max(LIMITS.terminalHistory))
    .optional()
    .describe("Scrollback lines of a snapshot; default LIMITS.terminalSnapshotLines"),
});
export type TerminalAttach = z.infer<typeof TerminalAttach>;

const size = { columns: TerminalSize.columns, rows: TerminalSize.rows };

/** What runs: `ended` keeps what it showed; `unknown`: tmux or the host does not answer, nothing is lost by that. */
const State = z.discriminatedUnion("state", [
  z.object({ state: z.literal("running") }),
  z.object({
    state: z.literal("ended"),
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
  }),
  z.object({ state: z.literal("unknown"), reason: z.string(), since: Instant }),
]);
export type TerminalState = z.infer<typeof State>;

/** Why a socket ends; the frame `close` says it, and the WebSocket close code beside it. */
export const TERMINAL_CLOSE = {
  /** The terminal was closed, by someone or because its session was deleted. */
  "terminal.closed": 4001,
  /** tmux holds it no longer: its server was ended, or the host started anew. */
  "terminal.gone": 4002,
  /** The same client id attached again. */
  replaced: 4003,
  /** It acknowledged nothing for too long, or did not take its frames. */
  lagged: 4004,
  /** The token was revoked, has expired, or may not do this any more. */
  revoked: 4005,
  /** Come back in a few seconds. */
  "daemon.stopping": 4006,
  /** The host does not answer; come back later. */
  "host.unreachable": 4007,
  /** tmux does not answer; come back later. */
  "terminal.unavailable": 4008,
  /** A frame that is not understood, too large, or not allowed to this client. */
  "bad.frame": 4009,
  /** The fault is the daemon's. */
  internal: 4010,
} as const;
export type TerminalCloseReason = keyof typeof TERMINAL_CLOSE;
const closeReasons = Object.keys(TERMINAL_CLOSE) as [TerminalCloseReason, ...TerminalCloseReason[]];

/** Text frames of the server. A client skips types that it does not know. */
export const TerminalServerFrame = z.discriminatedUnion("type", [
  z
    .object({
      type: z.literal("attached"),
      protocol: z.literal(TERMINAL_PROTOCOL),
      terminal: Terminal,
      client: TerminalClient,
      stream: z.string(),
      offset: Offset.describe("Where this client goes on"),
      how: z.enum(["resumed", "snapshot"]).describe("snapshot: it is the next binary frame"),
      ...size,
      title: z.string(),
      readOnly: z.boolean(),
      writer: TerminalClient.nullable().describe("Whose size rules"),
      inputSeq: Seq.nullable().describe(
        "All input of this client up to this one was typed; null: it is not known",
      ),
      inputLast: Seq.nullable().describe(
        "The last number that this client has spent: new input goes on behind it",
      ),
      program: State,
      limits: z.object({
        unackedBytes: z.int(),
        ackBytes: z.int(),
        inputBytes: z.int(),
        pasteBytes: z.int(),
      }),
    })
    .describe("The first frame"),
  z
    .object({ type: z.literal("size"), ...size, writer: TerminalClient.nullable() })
    .describe(
      "The terminal has this size now, or another client rules it; a new size is followed by a snapshot",
    ),
  z
    .object({ type: z.literal("title"), title: z.string() })
    .describe("Text, whatever it looks like"),
  z.object({ type: z.literal("typed"), seq: Seq }).describe("All input up to this one was typed"),
  z
    .object({
      type: z.literal("refused"),
      seq: Seq,
      reason: z
        .enum(["ended", "unreachable", "unsure", "too_large", "not_text"])
        .describe(
          "Not typed, and that number is spent. unsure: it may have been typed, the answer was lost; nobody types it again",
        ),
    })
    .describe("One input that was not typed"),
  z
    .object({ type: z.literal("skipped"), from: Offset, to: Offset })
    .describe("This client was too slow: these bytes are left out, a snapshot follows"),
  z.object({ type: z.literal("program"), program: State }).describe("What runs has changed"),
  z
    .object({ type: z.literal("beat") })
    .describe("At least every LIMITS.tickIntervalMs: a longer silence is a dead connection"),
  z
    .object({ type: z.literal("close"), reason: z.enum(closeReasons), message: z.string() })
    .describe("The last frame"),
]);
export type TerminalServerFrame = z.infer<typeof TerminalServerFrame>;

/** Text frames of the client. What is not one of these closes the socket with `bad.frame`. */
export const TerminalClientFrame = z.discriminatedUnion("type", [
  z
    .strictObject({ type: z.literal("ack"), offset: Offset })
    .describe("It has worked through all bytes before this offset of the stream"),
  z.strictObject({ type: z.literal("resize"), ...size }).describe("The size that it wants"),
  z
    .strictObject({ type: z.literal("claim") })
    .describe("Its size shall rule, as if it had typed: its window came to the front"),
]);
export type TerminalClientFrame = z.infer<typeof TerminalClientFrame>;
