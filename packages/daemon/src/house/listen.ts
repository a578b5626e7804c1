/** The daemon's surface, wired to what it shows. */
import { systemClock } from "@skein/sdk";
import type { Engine } from "../engine/engine.ts";
import type { MakeId } from "../engine/ids.ts";
import type { Feed } from "../feed/ports.ts";
import type { Changes, OperationDeps } from "../operations/ports.ts";
import type { Owners } from "../operations/owners.ts";
import { makeOperate } from "../operations/operate.ts";
import { authenticate } from "../operations/tokens.ts";
import { attachWith } from "../operations/attaching.ts";
import { openWatchWith } from "../operations/watching.ts";
import type { Server } from "../server/ports.ts";
import { startServer } from "../server/server.ts";
import type { Building } from "./building.ts";
import { admitContainer } from "./containers.ts";
import type { Hosting } from "./hosting.ts";
import type { Sites } from "./sites.ts";
import { terminalsPort } from "./terminals.ts";

type Deps = {
  readonly engine: Engine;
  readonly feed: Feed;
  readonly owners: Owners;
  readonly changes: Changes;
  readonly sites: Sites;
  readonly id: MakeId;
  readonly hosting: Hosting;
};

const operationDeps = (
  building: Building,
  deps: Deps,
  server: () => Server | null,
): OperationDeps => {
  const { options, paths, store, health, stop } = building;
  const startedAt = systemClock.now();
  return {
    engine: deps.engine,
    store,
    id: deps.id,
    now: systemClock.now,
    random: Math.random,
    hosts: deps.hosting.port,
    admitContainer: (host, container, runs) => {
      const { host: there, backends } = deps.sites.get(host)!;
      const program = runs.program?.argv[0] ?? backends.driver(runs.backend)?.program ?? "sh";
      return admitContainer(building.config, there, container, { program, folder: runs.folder });
    },
    backends: (host) => deps.sites.get(host)?.backends,
    terminals: (host) => {
      const site = deps.sites.get(host);
      return site === undefined ? undefined : terminalsPort(site);
    },
    changes: deps.changes,
    daemon: {
      version: options.version,
      pid: process.pid,
      home: paths.home,
      startedAt,
      address: () => server()?.address ?? null,
      socket: () => paths.socket,
      watchers: () => deps.feed.watchers,
      memory: () => process.memoryUsage.rss(),
      health: health.parts,
      loginLink: () => server()!.loginLink(),
      stop: () => setImmediate(() => stop(true)),
      disconnect: (token) => server()?.disconnect(token),
    },
  };
};

export const listen = async (building: Building, deps: Deps): Promise<Server> => {
  const { options, paths, config, log, store, health } = building;
  let server: Server | null = null;
  const operations = operationDeps(building, deps, () => server);
  const listening = await startServer({
    port: options.port ?? config.server.port,
    socketPath: paths.socket,
    version: options.version,
    operate: makeOperate(operations),
    openTerminal: attachWith(operations),
    authenticate: (hash) => authenticate(store, hash, systemClock.now()),
    openWatch: openWatchWith(store, deps.feed, deps.owners),
    endWatches: () => deps.feed.close(),
    host: config.server.host,
    allowedHosts: config.server.allowedHosts,
    allowedOrigins: config.server.allowedOrigins,
    ready: () => health.parts().every((part) => part.ok),
    clock: systemClock,
    log: {
      debug: (fields, message) => log("debug", message, fields),
      info: (fields, message) => log("info", message, fields),
      warn: (fields, message) => log("warn", message, fields),
      error: (fields, message) => log("error", message, fields),
    },
  });
  server = listening;
  return listening;
};
