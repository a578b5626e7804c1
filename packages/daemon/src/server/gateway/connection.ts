/** One socket, from its challenge to its end. */
import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { GATEWAY_PROTOCOL, WATCH_EVENT, operationNames, type HelloOk } from "@skein/contract";
import type { Live } from "../live.ts";
import type { Caller, OpenWatch } from "../ports.ts";
import { parseStrict } from "../strict-json.ts";
import { makeEntrance, type Entered, type EntranceDeps, type Origin } from "./entrance.ts";
import { eventText, resultText } from "./frames.ts";
import { narrowed, tokenMismatch } from "./handshake.ts";
import { makeLine, type Line } from "./line.ts";
import type { Turn } from "./outbox.ts";
import { makeRequests, type RequestDeps, type Requests } from "./requests.ts";
import { makeWatches } from "./watches.ts";

export type ConnectionDeps = RequestDeps &
  EntranceDeps & {
    readonly openWatch: OpenWatch;
    readonly live: Live;
    readonly turn: Turn;
    readonly version: string;
    readonly startedAt: number;
  };

/** What the server does with its connections all at once. */
export type Connection = {
  /** Sends one frame, already encoded; drops the connection when its peer was silent for two beats or reads nothing. */
  beat(frame: Buffer): void;
  /** Closes when the credential does not stand any more. Rejects when the store cannot be read. */
  recheck(): Promise<void>;
  shutdown(reason: string): void;
  close(code: number, reason: string): void;
};

const EVENTS = ["connect.challenge", "tick", "shutdown", WATCH_EVENT];
const GOING_AWAY = 1001;
const UNSUPPORTED = 1003;
const POLICY = 1008;
const SILENT_BEATS = 2;
/** A peer that does not read its answers is not read from either. */
const PAUSE_BYTES = 1_048_576;

const helloOk = (deps: ConnectionDeps, connId: string, caller: Caller): HelloOk => ({
  type: "hello-ok",
  protocol: GATEWAY_PROTOCOL,
  server: { version: deps.version, connId },
  features: { methods: [...operationNames], events: EVENTS },
  snapshot: {
    presence: [],
    health: {},
    stateVersion: { presence: 0, health: 0 },
    uptimeMs: Math.max(0, Math.round(deps.clock.monotonic() - deps.startedAt)),
  },
  auth: { role: "operator", scopes: [...caller.scopes], method: "token" },
  policy: {
    maxPayload: deps.limits.socketFrameBytes,
    maxBufferedBytes: deps.limits.socketBufferedBytes,
    tickIntervalMs: deps.limits.tickIntervalMs,
  },
});

/** The second phase: requests and watches of a caller who is known. */
const makeSession = (deps: ConnectionDeps, line: Line, connId: string, origin: Origin) => {
  const { live, limits, log } = deps;
  const watches = makeWatches(deps.openWatch, line);
  const gone = new AbortController();
  let requests: Requests | null = null;
  let stillGood: (() => Promise<boolean>) | null = null;
  let leave = (): void => {};

  const take = (data: Buffer): void => {
    if (line.closed) return;
    const parsed = parseStrict(data, limits.jsonDepth, true);
    if (!parsed.ok) return line.close(POLICY, `invalid frame: ${parsed.fault}`);
    if (requests?.take(parsed.value) !== true) {
      return line.close(POLICY, "invalid frame: not a request");
    }
    if (line.pending() > PAUSE_BYTES) {
      line.pause();
      line.ready(line.resume);
    }
  };

  return {
    take,
    get isOpen() {
      return requests !== null && !line.closed;
    },
    /** false: the token was revoked while it was being looked up. */
    open: ({ id, entry, asked, backlog }: Entered): boolean => {
      const caller = { ...entry.caller, scopes: narrowed(asked, entry.caller.scopes) };
      const left = live.enter(caller.token, (why) =>
        why === "revoked"
          ? line.close(POLICY, "token revoked")
          : line.close(GOING_AWAY, "the daemon stops"),
      );
      if (left === null) return false;
      leave = left;
      stillGood = entry.recheck;
      requests = makeRequests(deps, caller, line, watches, gone);
      line.text(resultText(id, helloOk(deps, connId, caller)));
      log.info({ from: origin.address ?? "unix", actor: caller.actor, connId }, "socket open");
      line.resume();
      for (const data of backlog) take(data);
      return true;
    },
    recheck: async (): Promise<void> => {
      if ((await stillGood?.()) === false) line.close(POLICY, "token no longer valid");
    },
    end: (): void => {
      watches.endAll();
      gone.abort();
      leave();
    },
  };
};

/** `left` is called once, when the connection is over; `admitted` at most once, when it has come in. */
export const serveConnection = (
  deps: ConnectionDeps,
  websocket: WebSocket,
  socket: Duplex,
  origin: Origin,
  calls: { readonly admitted: () => void; readonly left: () => void },
): Connection => {
  const connId = randomUUID();
  const line = makeLine(websocket, socket, deps.clock, deps.turn);
  const session = makeSession(deps, line, connId, origin);
  let silentBeats = 0;

  const entrance = makeEntrance(deps, line, socket, origin, (entered) => {
    if (session.open(entered)) calls.admitted();
    else entrance.fail(tokenMismatch(entered.id));
  });

  websocket.on("message", (data, isBinary) => {
    silentBeats = 0;
    if (isBinary) return line.close(UNSUPPORTED, "text frames only");
    if (session.isOpen) session.take(data as Buffer);
    else if (!line.closed) entrance.take(data as Buffer);
  });
  websocket.on("pong", () => {
    silentBeats = 0;
  });
  // After an error of the peer ws closes by itself, with the code that fits.
  websocket.on("error", () => {});
  websocket.once("close", (code) => {
    entrance.end();
    session.end();
    calls.left();
    deps.log.debug({ connId, code }, "socket closed");
  });

  line.text(eventText("connect.challenge", { nonce: randomUUID(), ts: deps.clock.now() }));

  return {
    beat: (frame) => {
      if (!session.isOpen) return;
      const deaf = line.pending() > deps.limits.socketBufferedBytes;
      if (++silentBeats > SILENT_BEATS || deaf) return line.terminate();
      line.bytes(frame);
    },
    recheck: async () => {
      if (session.isOpen) await session.recheck();
    },
    shutdown: (reason) => {
      if (session.isOpen) line.text(eventText("shutdown", { reason }));
    },
    close: line.close,
  };
};
