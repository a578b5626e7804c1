/**
 * The server: one loopback port and one unix socket, the same behind both. Either both listen or neither does; the
 * caller closes it.
 */
import type { Server as HttpServer } from "node:http";
import { makeAdmission } from "./admission.ts";
import { listenTcp, listenUnix, requireLoopback } from "./bind.ts";
import { makeGateway } from "./gateway/gateway.ts";
import { makeHttpServer, type HttpDeps } from "./http.ts";
import { makeLive } from "./live.ts";
import { makeLockout } from "./lockout.ts";
import { makeLogins } from "./login.ts";
import { makePlaces, type Places } from "./places.ts";
import type { Server } from "./ports.ts";
import { makeRoutes } from "./routes.ts";
import { limitsWith, type ServerOptions } from "./settings.ts";
import { makeTerminalSockets } from "./terminals/terminals.ts";
import { makeWork } from "./work.ts";

export type { ServerClock, ServerOptions } from "./settings.ts";
export type { Log } from "./log.ts";

const DEFAULT_HOST = "127.0.0.1";
/** What a read that waits for something still gets when the daemon stops. */
const READ_GRACE_MS = 250;
/** For the last frames to leave. */
const FAREWELL_MS = 250;

const closed = (server: HttpServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });

const wired = (options: ServerOptions, places: () => Places) => {
  const { clock, log, version, operate, openWatch } = options;
  const limits = limitsWith(options.limits);
  const live = makeLive();
  const work = makeWork(clock);
  const logins = makeLogins({ clock, codeMs: limits.loginCodeMs, cookieMs: limits.cookieMs });
  const lockout = makeLockout({
    clock,
    failures: limits.authFailures,
    lockMs: limits.authLockoutMs,
  });
  const admission = makeAdmission({ authenticate: options.authenticate, logins, lockout });
  const ready = options.ready ?? (() => true);
  const shared = { live, work, clock, limits, log, version };
  const routes = makeRoutes({ ...shared, operate, openWatch, ready });
  const gateway = makeGateway({
    ...shared,
    admission,
    operate,
    openWatch,
    startedAt: clock.monotonic(),
  });
  const terminals = makeTerminalSockets({
    ...shared,
    admission,
    openTerminal: options.openTerminal,
  });
  const http: HttpDeps = {
    ...shared,
    admission,
    logins,
    routes,
    places,
    acceptUpgrade: (incoming, socket, head, admitted, address) => {
      const accept = admitted.path === "/" ? gateway.accept : terminals;
      accept(incoming, socket, head, admitted, address);
    },
  };
  return { limits, live, work, logins, gateway, http };
};

/** Rejects with a Refusal when the host is no loopback address, or the port or the socket's path is taken. */
export const startServer = async (options: ServerOptions): Promise<Server> => {
  const host = options.host ?? DEFAULT_HOST;
  requireLoopback(host);
  let places = makePlaces(options.port, options.allowedHosts, options.allowedOrigins);
  const { limits, live, work, logins, gateway, http } = wired(options, () => places);
  const tcp = makeHttpServer(http, "tcp");
  const unix = makeHttpServer(http, "unix");

  const port = await listenTcp(tcp, host, options.port);
  places = makePlaces(port, options.allowedHosts, options.allowedOrigins);
  let release: () => Promise<void>;
  try {
    release = await listenUnix(unix, options.socketPath);
  } catch (error) {
    gateway.close();
    await closed(tcp);
    throw error;
  }
  const address = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

  const close = async (): Promise<void> => {
    const shut = Promise.all([closed(tcp), closed(unix)]);
    await release();
    gateway.shutdown("the daemon stops");
    const drained = work.drain(READ_GRACE_MS, limits.drainMs);
    // Watchers that cannot be told are closed like the others: the daemon stops all the same.
    await options.endWatches?.().catch((error: unknown) => {
      options.log.error({ error: String(error) }, "watchers could not be told where to resume");
    });
    await drained;
    live.endAll();
    gateway.close();
    tcp.closeIdleConnections();
    unix.closeIdleConnections();
    const cut = (): void => {
      tcp.closeAllConnections();
      unix.closeAllConnections();
    };
    const cancel = options.clock.after(FAREWELL_MS, cut);
    await shut;
    cancel();
  };
  let closing: Promise<void> | null = null;

  return {
    address,
    socketPath: options.socketPath,
    disconnect: (token) => live.disconnect(token),
    loginLink: () => {
      const { code, expiresAt } = logins.offer();
      return { url: `${address}/login?code=${code}`, expiresAt };
    },
    close: () => (closing ??= close()),
  };
};
