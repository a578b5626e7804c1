/**
 * Begins and ends the daemon, and is the only reader of the environment there. Its rooms are put together in house/.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { refuse, type Backend, type Problem } from "@skein/contract";
import { systemClock } from "@skein/sdk";
import { checkConfig as check, namedAgents as named, type NamedAgents } from "./config/check.ts";
import { loadConfig } from "./config/load.ts";
import { pathsOf, type Paths } from "./config/paths.ts";
import type { Config } from "./config/schema.ts";
import { roomHere } from "./disk-room.ts";
import { makeFailpoint } from "./effects/failpoints.ts";
import { whatWasLeft } from "./effects/upkeep.ts";
import { closeFolder, makeFolder } from "./folders.ts";
import { makeHealth } from "./health.ts";
import { agentIds } from "./house/agents.ts";
import { build } from "./house/house.ts";
import { openLog, type Log } from "./log/log.ts";
import { examineDatabase } from "./store/examine.ts";
import { acquireLock } from "./store/lock.ts";
import { openSqliteStore } from "./store/sqlite.ts";

/** What is wrong with the database of a state folder that no daemon has; null when nothing is. */
export const checkDatabase = (home: string, signal: AbortSignal): Promise<Problem | null> =>
  examineDatabase(pathsOf(home).database, signal);

/** What is wrong with the configuration of a state folder; null when nothing is. */
export const checkConfig = (home: string): Problem | null => check(home, agentIds);

/** The agents that the configuration of a state folder names a program or an environment for; none when it cannot be read. */
export const namedAgents = (home: string): NamedAgents => named(home, agentIds);

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
/** How long the start waits for the agents' answers, once it is ready. */
const ANSWERS_MS = 900;
const TIDY_MS = 6 * 3_600_000;

/** Gives the running one instead when this state folder has a daemon already. Rejects with a Refusal that says what to do. */
export const startDaemon = async (options: DaemonOptions): Promise<Daemon | AlreadyRunning> => {
  const began = performance.now();
  const paths = pathsOf(options.home);
  const opened = makeFolders(paths);
  const lock = acquireLock(paths.home);
  if (lock === null) return { alreadyRunning: readAbout(paths) };
  // What was opened is closed in the opposite order, by an orderly stop and by a start that fails alike.
  const undo = new AsyncDisposableStack();
  undo.defer(() => lock.release());
  try {
    const config = loadConfig(paths.config, agentIds);
    const logFile = openLog(paths.log, config.log.level);
    undo.defer(() => logFile.close());
    if (opened !== null)
      logFile.log("warn", "the state folder was open to others, and is its owner's alone now", {
        home: paths.home,
        was: opened,
      });
    return await begin({ options, paths, config, log: logFile.log, undo, began });
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
};

/** Gives the rights that the state folder had when others could look into it; they cannot any more. */
const makeFolders = (paths: Paths): string | null => {
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
  try {
    return closeFolder(paths.home);
  } catch (error) {
    throw refuse(
      "storage_failed",
      `The state folder ${paths.home} is open to others, and that cannot be changed (${(error as Error).message}).`,
      "Choose a folder of your own with SKEIN_HOME, one that holds nothing else.",
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
  health.watch("store", () => (roomHere(paths.home) === "full" ? diskFull(paths) : null));
  const stop = (inOrder: boolean): void => void end(inOrder);
  const house = build({ options, paths, config, log, failpoint, store, health, stop });
  undo.defer(() => house.close());
  const left = await whatWasLeft(store);
  house.recall(left);
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

const diskFull = (paths: Paths): string =>
  `the disk of ${paths.home} is full: prompts are refused until some MiB are free there. No restart is needed.`;

const diskFailed = (paths: Paths) =>
  refuse("storage_failed", "The daemon ended: the disk failed.", `Look into ${paths.log}.`);
