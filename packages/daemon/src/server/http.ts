/**
 * One HTTP server for each place it listens at, all with the same listener: guard, then who, then the body, then the
 * routes. Nothing is routed, upgraded or read before the guard has let it in.
 */
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import type { Hono } from "hono";
import { problem } from "@skein/contract";
import { addressKey } from "./address.ts";
import type { Address, Admission, Entry } from "./admission.ts";
import { entryAnswer, isEnding, refuseSocket, sendRefusal } from "./answer.ts";
import { readBody } from "./body.ts";
import { COOKIE_NAME, clearCookie } from "./cookie.ts";
import { guard, refused, type Admitted, type Via } from "./guard.ts";
import { loggedPath, printable, type Log } from "./log.ts";
import { serveLogin, serveLogout, type LoginDeps } from "./login-routes.ts";
import type { Places } from "./places.ts";
import { problemOf } from "./problems.ts";
import type { Passport, RouteEnv } from "./routes.ts";
import type { Limits, ServerClock } from "./settings.ts";
import { makeTakeTurn } from "./turns.ts";

export type AcceptUpgrade = (
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  admitted: Admitted,
  address: Address,
) => void;

export type HttpDeps = LoginDeps & {
  readonly admission: Admission;
  readonly routes: Hono<RouteEnv>;
  /** Known once the port is: asked for each request. */
  readonly places: () => Places;
  readonly acceptUpgrade: AcceptUpgrade;
  readonly clock: ServerClock;
  readonly limits: Limits;
  readonly log: Log;
};

const MAX_HEADER_BYTES = 16_384;
const KEEP_ALIVE_MS = 5_000;

const addressOf = (incoming: IncomingMessage, via: Via): Address =>
  via === "unix" ? null : addressKey(incoming.socket.remoteAddress ?? "");

/** One line for each request, without anything secret; open pages are the noise of health checks. */
const logWhenDone = (
  deps: HttpDeps,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  who: { actor: string | null; open: boolean; address: Address },
): void => {
  const from = deps.clock.monotonic();
  outgoing.once("close", () => {
    const fields = {
      method: printable(incoming.method ?? ""),
      path: loggedPath(incoming.url ?? ""),
      status: outgoing.statusCode,
      ms: Math.round(deps.clock.monotonic() - from),
      actor: who.actor === null ? null : printable(who.actor),
      from: who.address ?? "unix",
    };
    if (who.open && outgoing.statusCode < 400) deps.log.debug(fields, "request");
    else deps.log.info(fields, "request");
  });
};

/** A browser that keeps sending a cookie which stands for nobody is told to forget it. */
const withoutCookie = (entry: Entry & { ok: false }, admitted: Admitted) => {
  const answer = entryAnswer(entry);
  return admitted.credential.kind === "cookie" && entry.why === "wrong"
    ? { ...answer, headers: { ...answer.headers, "set-cookie": clearCookie() } }
    : answer;
};

const makeListener = (deps: HttpDeps, via: Via) => {
  const passports = new WeakMap<IncomingMessage, Passport>();
  const route = getRequestListener(
    (request, env) => {
      const bindings = env as HttpBindings;
      return deps.routes.fetch(request, {
        ...bindings,
        passport: passports.get(bindings.incoming),
      });
    },
    { overrideGlobalObjects: false, autoCleanupIncoming: false },
  );

  const admit = async (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    admitted: Admitted,
    who: { actor: string | null; address: Address },
  ): Promise<void> => {
    const entry = await deps.admission.admit(admitted.credential, who.address);
    if (!entry.ok) {
      return sendRefusal(incoming, outgoing, withoutCookie(entry, admitted), deps.clock);
    }
    who.actor = entry.caller.actor;
    let body: Buffer | null = null;
    if (incoming.method === "POST" || incoming.method === "PATCH") {
      if (incoming.headers.expect !== undefined) outgoing.writeContinue();
      const read = await readBody(incoming, deps.limits, deps.clock);
      if (!read.ok) return sendRefusal(incoming, outgoing, read, deps.clock);
      body = read.bytes;
    }
    if (admitted.path === "/logout" && incoming.method === "POST") {
      return serveLogout(deps, incoming, outgoing);
    }
    const { caller, recheck } = entry;
    passports.set(incoming, { caller, recheck, query: admitted.query, body });
    await route(incoming, outgoing);
  };

  const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const who = { actor: null, open: false, address: addressOf(incoming, via) };
    logWhenDone(deps, incoming, outgoing, who);
    const verdict = guard(
      {
        method: incoming.method ?? "",
        target: incoming.url ?? "",
        headers: incoming.headersDistinct,
        via,
        upgrade: false,
      },
      { places: deps.places(), maxBodyBytes: deps.limits.httpBodyBytes, cookieName: COOKIE_NAME },
    );
    if (!verdict.ok) return sendRefusal(incoming, outgoing, verdict, deps.clock);
    who.open = verdict.open;
    const done =
      verdict.open && verdict.path === "/login"
        ? serveLogin(deps, incoming, outgoing, verdict, who.address)
        : verdict.open
          ? route(incoming, outgoing)
          : admit(incoming, outgoing, verdict, who);
    Promise.resolve(done).catch((error: unknown) => {
      const value = problemOf(error, false, "http", deps.log);
      if (outgoing.headersSent) return void outgoing.destroy();
      sendRefusal(incoming, outgoing, { status: 500, problem: value, headers: {} }, deps.clock);
    });
  };

  const takeTurn = makeTakeTurn();
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    incoming.on("error", () => {});
    takeTurn(incoming.socket, outgoing, () => answer(incoming, outgoing));
  };
};

const upgradeListener =
  (deps: HttpDeps, via: Via) =>
  (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Until a WebSocket owns the socket, nobody else listens for its errors.
    socket.on("error", () => socket.destroy());
    const verdict = guard(
      {
        method: incoming.method ?? "",
        target: incoming.url ?? "",
        headers: incoming.headersDistinct,
        via,
        upgrade: true,
      },
      { places: deps.places(), maxBodyBytes: 0, cookieName: COOKIE_NAME },
    );
    const address = addressOf(incoming, via);
    if (verdict.ok) return deps.acceptUpgrade(incoming, socket, head, verdict, address);
    deps.log.info(
      { path: loggedPath(incoming.url ?? ""), status: verdict.status, from: address ?? "unix" },
      "upgrade refused",
    );
    refuseSocket(socket, verdict);
  };

const UNREADABLE: Readonly<Record<string, ReturnType<typeof refused>>> = {
  HPE_HEADER_OVERFLOW: refused(431, "invalid_input", "The headers are too large.", "Send fewer."),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: refused(
    413,
    "payload_too_large",
    "The chunks are too large.",
    "Send plain chunks.",
  ),
  ERR_HTTP_REQUEST_TIMEOUT: {
    ok: false,
    status: 408,
    headers: {},
    problem: problem("request_timeout", "The request did not arrive in time.", "Send it at once."),
  },
};

const unreadable = refused(
  400,
  "invalid_input",
  "That is not well-formed HTTP/1.1.",
  "Send a valid request.",
);

/** Closed by the caller. Timeouts of headers and requests are node's own, in real time. */
export const makeHttpServer = (deps: HttpDeps, via: Via): HttpServer => {
  const { limits } = deps;
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.httpHeaderTimeoutMs,
    requestTimeout: limits.httpRequestTimeoutMs,
    connectionsCheckingInterval: Math.max(50, Math.min(1_000, limits.httpHeaderTimeoutMs / 4)),
    keepAliveTimeout: KEEP_ALIVE_MS,
    requireHostHeader: true,
    insecureHTTPParser: false,
    noDelay: true,
    shouldUpgradeCallback: (incoming) => incoming.headers.upgrade?.toLowerCase() === "websocket",
  });
  server.maxConnections = limits.connections;
  const listener = makeListener(deps, via);
  server.on("request", listener);
  // The body is asked for only once the guard and admission have let its sender in.
  server.on("checkContinue", listener);
  server.on("upgrade", upgradeListener(deps, via));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (isEnding(socket)) return;
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    refuseSocket(socket, UNREADABLE[error.code ?? ""] ?? unreadable);
  });
  return server;
};
