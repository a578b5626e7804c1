/**
 * Puts the daemon together: the only place that knows every room, and the only reader of the environment there.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { makeClaudeCodeDriver, makeCodexDriver, makeLocalHost } from "@skein/adapters";
import { refuse, type Backend } from "@skein/contract";
import type { AgentDriver, Host } from "@skein/sdk";
import { systemClock } from "./clock.ts";
import { agentEnvironment } from "./config/environment.ts";
import { loadConfig } from "./config/load.ts";
import { pathsOf, type Paths } from "./config/paths.ts";
import type { Config } from "./config/schema.ts";
import { makeBackends, type Backends } from "./effects/backends.ts";
import { clearLeftovers } from "./effects/leftovers.ts";
import { recordable } from "./effects/observe.ts";
import type { EffectsPort, SessionBrief } from "./effects/ports.ts";
import { checkStore, forgetReceipts, whatWasLeft, type Left } from "./effects/upkeep.ts";
import { makeEffects, type Effects } from "./effects/runner.ts";
import { makeEngine, type Engine } from "./engine/engine.ts";
import { makeIds } from "./engine/ids.ts";
import type { Failpoint, Store } from "./engine/ports.ts";
import { backendKind } from "./engine/small-kinds.ts";
import { makeFailpoint, withFailpoints } from "./effects/failpoints.ts";
import { makeFeed } from "./feed/feed.ts";
import type { Feed } from "./feed/ports.ts";
import { makeFolder } from "./folders.ts";
import { makeHealth, type Health } from "./health.ts";
import { openLog, type Log } from "./log/log.ts";
import { makeAgentRecord, type AgentRecord } from "./operations/agents.ts";
import { makeChanges } from "./operations/changes.ts";
import { makeOperate } from "./operations/operate.ts";
import { authenticate } from "./operations/tokens.ts";
import { makeSnapshot, openWatchWith } from "./operations/watching.ts";
import { startServer } from "./server/server.ts";
import type { Server } from "./server/ports.ts";
import { acquireLock } from "./store/lock.ts";
import { openSqliteStore } from "./store/sqlite.ts";

export { checkConfig } from "./config/check.ts";

export type DaemonOptions = {
  readonly home: string;
  readonly version: string;
  /** Default: the configuration's. */
  readonly port?: number;
  /** The environment that agents inherit their share of, and that failpoints are set in. */
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** A state folder has one daemon; this is the one it has already. */
export type AlreadyRunning = {
  readonly alreadyRunning: {
    readonly pid: number;
    readonly address: string | null;
    readonly home: string;
  };
};

export type Daemon = {
  readonly address: string;
  readonly socketPath: string;
  /** Logs one browser in, once, within LIMITS.loginCodeMs. */
  readonly loginUrl: string;
  /** The agents: what they answered within a second, else what was known of them before. */
  readonly backends: readonly Backend[];
  /** Milliseconds from the call of `startDaemon` to the first accepted connection. */
  readonly readyMs: number;
  /** Resolves when the daemon has stopped in good order; rejects when it had to end. */
  readonly stopped: Promise<void>;
  /** Stops accepting, drains, tells watchers where to resume, lets go of the agents (they go on). */
  close(): Promise<void>;
};

const TICK_MS = 5_000;
const AWAKE_MS = 1_000;
/** What a driver may need beyond the times that it was given. */
const SLACK_MS = 10_000;
/** How long the start waits for the agents' answers, once it is ready. */
const ANSWERS_MS = 900;
const TIDY_MS = 6 * 3_600_000;

/** Gives the running one instead when this state folder has a daemon already. Rejects with a Refusal that says what to do. */
export const startDaemon = async (options: DaemonOptions): Promise<Daemon | AlreadyRunning> => {
  const began = performance.now();
  const paths = pathsOf(options.home);
  makeFolders(paths);
  const lock = acquireLock(paths.home);
  if (lock === null) return { alreadyRunning: readAbout(paths) };
  // What was opened is closed in the opposite order, by an orderly stop and by a start that fails alike.
  const undo = new AsyncDisposableStack();
  undo.defer(() => lock.release());
  try {
    const config = loadConfig(paths.config);
    const logFile = openLog(paths.log, config.log.level);
    undo.defer(() => logFile.close());
    return await begin({ options, paths, config, log: logFile.log, undo, began });
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
};

const makeFolders = (paths: Paths): void => {
  try {
    for (const folder of [paths.home, paths.run, paths.spool, paths.logs]) {
      makeFolder(folder);
    }
  } catch (error) {
    throw refuse(
      "storage_failed",
      `The state folder ${paths.home} cannot be written (${(error as Error).message}).`,
      "Give its owner the right to write there, or choose another one with SKEIN_HOME.",
    );
  }
};

const readAbout = (paths: Paths): AlreadyRunning["alreadyRunning"] => {
  try {
    return JSON.parse(readFileSync(paths.about, "utf8")) as AlreadyRunning["alreadyRunning"];
  } catch {
    // It holds the lock but has not said where it listens yet.
    return { pid: 0, address: null, home: paths.home };
  }
};

type Beginning = {
  readonly options: DaemonOptions;
  readonly paths: Paths;
  readonly config: Config;
  readonly log: Log;
  readonly undo: AsyncDisposableStack;
  readonly began: number;
};

const begin = async (beginning: Beginning): Promise<Daemon> => {
  const { options, paths, config, log, undo, began } = beginning;
  const stopped = Promise.withResolvers<void>();
  // Who started the daemon may not ask how it ended.
  stopped.promise.catch(() => {});
  const end = onceOnly(async (inOrder) => {
    log("info", "stopping");
    // Agents and timers hold no process awake; what is waited for from here on must not end with it.
    const awake = setInterval(() => {}, AWAKE_MS);
    await undo.disposeAsync();
    clearInterval(awake);
    if (inOrder) stopped.resolve();
    else stopped.reject(diskFailed(paths));
  });
  const failpoint = makeFailpoint(options.env["SKEIN_FAILPOINT"], () =>
    process.kill(process.pid, "SIGKILL"),
  );
  const orderly = !existsSync(paths.about);
  let looked = Promise.resolve();
  undo.defer(() => looked);
  const store = await openSqliteStore({ file: paths.database, failpoint, clock: systemClock });
  undo.defer(() => store.close());
  const health = makeHealth();
  health.set("store", true, "writable");
  const stop = (inOrder: boolean): void => void end(inOrder);
  const house = build({ options, paths, config, log, failpoint, store, health, stop });
  undo.defer(() => house.close());
  const left = await whatWasLeft(store);
  const server = await house.listen();
  undo.defer(() => server.close());
  // Only now: agents are taken in hand by a daemon that really runs.
  looked = house
    .restore(left)
    .then(() => house.lookAround(orderly))
    .catch((error: unknown) => {
      if (!house.abort.signal.aborted)
        log("error", "the look around failed", { error: String(error) });
    });
  const ticking = setInterval(() => house.effects.tick(), TICK_MS).unref();
  const tidying = setInterval(() => void house.tidy(), TIDY_MS).unref();
  undo.defer(() => [ticking, tidying].forEach((timer) => clearInterval(timer)));
  tellWhere(paths, server.address, undo, log);
  const readyMs = performance.now() - began;
  log("info", "ready", { address: server.address, version: options.version, readyMs });
  return {
    address: server.address,
    socketPath: server.socketPath,
    loginUrl: server.loginLink().url,
    backends: await house.backends.soon(ANSWERS_MS),
    readyMs,
    stopped: stopped.promise,
    close: () => end(true),
  };
};

/** For people and for messages: what counts is the lock. It stays behind only after a crash. */
const tellWhere = (paths: Paths, address: string, undo: AsyncDisposableStack, log: Log): void => {
  undo.defer(() => rmSync(paths.about, { force: true }));
  try {
    const about = JSON.stringify({ pid: process.pid, address, home: paths.home });
    writeFileSync(paths.about, about, { mode: 0o600 });
  } catch (error) {
    log("warn", "run/daemon.json could not be written", { error: String(error) });
  }
};

/** The first call decides; the others wait for it. */
const onceOnly = (
  act: (orderly: boolean) => Promise<void>,
): ((orderly: boolean) => Promise<void>) => {
  let begun: Promise<void> | undefined;
  return (orderly) => (begun ??= act(orderly));
};

const diskFailed = (paths: Paths) =>
  refuse("storage_failed", "The daemon ended: the disk failed.", `Look into ${paths.log}.`);

type Building = {
  readonly options: DaemonOptions;
  readonly paths: Paths;
  readonly config: Config;
  readonly log: Log;
  readonly failpoint: Failpoint;
  readonly store: Store;
  readonly health: Health;
  readonly stop: (orderly: boolean) => void;
};

const build = (building: Building) => {
  const { paths, log, failpoint, store, config } = building;
  const abort = new AbortController();
  const restoring = Promise.withResolvers<void>();
  const changes = makeChanges();
  const id = makeIds(systemClock.now);
  const host = withFailpoints(makeLocalHost({ home: paths.home, clock: systemClock }), failpoint);
  const drivers = [makeClaudeCodeDriver(), makeCodexDriver()];
  for (const driver of drivers) makeFolder(paths.backend(driver.id));
  const feed = makeFeed({
    source: {
      head: () => store.head(),
      events: (query) => store.events(query),
      snapshot: makeSnapshot(store),
    },
    clock: systemClock,
  });
  const engine = makeEngine({
    store,
    publish: (events) => {
      feed.publish(events);
      changes.published(new Set(events.map((event) => event.stream)));
    },
    // What is decided before the agents are in hand waits for that.
    effects: (effects) => void restoring.promise.then(() => effectsRoom.offer(effects)),
    now: systemClock.now,
    id,
    failpoint,
    fatal: (error) => {
      log("error", "the disk can no longer be trusted: the daemon ends", { error: String(error) });
      building.stop(false);
    },
  });
  const record = makeAgentRecord({ engine, store, policy: policyOf(config) });
  const port = effectsPort({ record, engine, feed, noticeId: () => id("ntc") });
  const backends = makeHouseBackends(building, { host, drivers, engine, signal: abort.signal });
  const effectsRoom: Effects = makeEffects({
    port,
    driver: backends.driver,
    backend: backends.context,
    clock: systemClock,
    sessionDir: paths.session,
    generationDir: paths.generation,
    remove: (dir) => host.remove(dir),
    failpoint,
    log,
  });
  return {
    engine,
    effects: effectsRoom,
    backends,
    abort,
    /** Agents go on; what was decided is on the disk. */
    close: async () => {
      abort.abort();
      await effectsRoom.close();
      await backends.settled();
      await Promise.all(drivers.map((driver) => driver.close()));
      await engine.close();
    },
    restore: ({ sessions, waiting }: Left): Promise<void> => {
      const restored = effectsRoom.restore(sessions, waiting);
      restoring.resolve();
      return restored;
    },
    tidy: () => forgetReceipts(store, systemClock.now(), log),
    listen: () => listen(building, { engine, feed, changes, backends, id, host }),
    lookAround: (orderly: boolean) => lookAround(building, { port, host, backends }, orderly),
  };
};

const policyOf = ({ sessions }: Config) => ({
  idleMs: sessions.idleMinutes * 60_000,
  silenceMs: sessions.silenceMinutes * 60_000,
  silenceLimitMs: sessions.silenceLimitMinutes * 60_000,
  // A driver may try twice, each time for `startSeconds`; and what it says must be recorded.
  startLimitMs: 3 * sessions.startSeconds * 1000 + SLACK_MS,
  stopLimitMs: sessions.graceSeconds * 1000 + SLACK_MS,
});

const briefOf = (found: NonNullable<Awaited<ReturnType<AgentRecord["session"]>>>): SessionBrief => {
  const { view } = found;
  return {
    id: view.id,
    name: view.name,
    backend: view.backend,
    folder: view.folder,
    model: view.model,
    effort: view.effort,
    permissions: view.permissions,
    providerSessionId: view.providerSessionId,
    forkFrom: found.forkFrom,
    generation: view.generation,
    how: found.how,
    process: found.process,
    deleted: view.deletedAt !== null,
    turn:
      found.current === null || view.turn === null
        ? null
        : {
            id: view.turn.id,
            prompt: found.current.prompt,
            text: found.current.text,
            accepted: found.current.accepted,
          },
  };
};

const effectsPort = (deps: {
  readonly record: AgentRecord;
  readonly engine: Engine;
  readonly feed: Feed;
  readonly noticeId: () => string;
}): EffectsPort => ({
  brief: async (session) => {
    const found = await deps.record.session(session);
    return found === null ? null : briefOf(found);
  },
  checkpoint: deps.record.checkpoint,
  observe: async (session, backend, generation, facts, checkpoint) => {
    const recorded = await Promise.all(
      facts.map((fact) => recordable(fact, { backend, noticeId: deps.noticeId })),
    );
    for (const fact of facts) if (fact.fact === "item") deps.feed.settle(session, fact.id);
    await deps.record.observe(session, generation, recorded, checkpoint);
  },
  requeue: deps.record.requeue,
  note: (change) => deps.engine.note(change),
  tick: deps.record.tick,
  live: (delta) => deps.feed.live(delta),
});

const makeHouseBackends = (
  { config, paths, log, store, options: { env, version } }: Building,
  deps: {
    readonly host: Host;
    readonly drivers: readonly AgentDriver[];
    readonly engine: Engine;
    readonly signal: AbortSignal;
  },
): Backends =>
  makeBackends({
    drivers: deps.drivers,
    clock: systemClock,
    signal: deps.signal,
    settings: (driver) => {
      const chosen = config.backends[driver.id as keyof Config["backends"]];
      const command =
        typeof chosen.command === "string" ? [chosen.command] : (chosen.command ?? null);
      return {
        command: command as [string, ...string[]] | null,
        env: agentEnvironment(env, driver.envPrefixes, chosen.env),
        models: chosen.models,
      };
    },
    base: (driver, env) => ({
      host: deps.host,
      clock: systemClock,
      env,
      dir: paths.backend(driver.id),
      home: paths.home,
      version,
      timing: {
        startMs: config.sessions.startSeconds * 1000,
        graceMs: config.sessions.graceSeconds * 1000,
      },
      log: (level, message, fields) => log(level, message, { backend: driver.id, ...fields }),
    }),
    recorded: async (id) => {
      const row = await store.row("backend", `backend:${id}`);
      return row === null ? null : (JSON.parse(row.state) as Backend);
    },
    record: async (backend) => {
      await deps.engine.dispatch(
        backendKind,
        `backend:${backend.id}`,
        { type: "observe", backend },
        { actor: "skein", answer: () => undefined },
      );
    },
  });

const lookAround = async (
  { paths, log, store, health }: Building,
  deps: { readonly port: EffectsPort; readonly host: Host; readonly backends: Backends },
  orderly: boolean,
): Promise<void> => {
  await deps.backends.list();
  const { processes, folders } = await clearLeftovers({
    port: deps.port,
    host: deps.host,
    spool: paths.spool,
  });
  if (processes + folders > 0)
    log("warn", "leftovers of an earlier daemon were removed", { processes, folders });
  await forgetReceipts(store, systemClock.now(), log);
  // After a crash the whole file is looked through, on a thread of its own.
  if (!orderly) await checkStore(store, health, log);
};

const listen = async (
  { options, paths, config, log, store, health, stop }: Building,
  deps: {
    readonly engine: Engine;
    readonly feed: Feed;
    readonly changes: ReturnType<typeof makeChanges>;
    readonly backends: Backends;
    readonly id: ReturnType<typeof makeIds>;
    readonly host: Host;
  },
): Promise<Server> => {
  let server: Server | null = null;
  const startedAt = systemClock.now();
  const operate = makeOperate({
    engine: deps.engine,
    store,
    id: deps.id,
    now: systemClock.now,
    random: Math.random,
    host: deps.host,
    backends: deps.backends,
    changes: deps.changes,
    daemon: {
      version: options.version,
      pid: process.pid,
      home: paths.home,
      startedAt,
      address: () => server?.address ?? null,
      socket: () => paths.socket,
      watchers: () => deps.feed.watchers,
      memory: () => process.memoryUsage.rss(),
      health: health.parts,
      loginLink: () => server!.loginLink(),
      stop: () => setImmediate(() => stop(true)),
      disconnect: (token) => server?.disconnect(token),
    },
  });
  const listening = await startServer({
    port: options.port ?? config.server.port,
    socketPath: paths.socket,
    version: options.version,
    operate,
    authenticate: (hash) => authenticate(store, hash, systemClock.now()),
    openWatch: openWatchWith(store, deps.feed),
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
