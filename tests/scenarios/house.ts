/**
 * A real daemon in a process of its own, with a state folder of its own: started as people start it (`skein up`), killed
 * and started again at will, watched without a break, and swept away at the end with everything it ever started.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { connectSocket, type SocketClient, type SocketLike } from "@skein/client";
import { WebSocket } from "ws";
import { makeEventLog, type EventLog } from "./events.ts";
import { sweepHome } from "./processes.ts";

const MAIN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
/** Dozens of starts: with the cache, types are stripped and code is compiled once. */
const CACHE = fileURLToPath(new URL("../../.cache/compile", import.meta.url));

/** A machine that its agents run on instead of this one. */
export type FarHost = {
  /** What `ssh NAME` takes, and the ssh configuration that knows it. */
  readonly name: string;
  readonly config: string;
  close(): Promise<void>;
};

export type HouseOptions = {
  /** Added as a host; closed with the house. */
  readonly far?: FarHost;
  /** config.json5, as an object; `place` is a fresh folder for whatever it needs. */
  readonly config: (place: string) => Promise<Readonly<Record<string, unknown>>>;
  /** Added to the daemon's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A state folder to use instead of a fresh one; it is not removed at the end. */
  readonly home?: string;
  readonly patienceMs?: number;
};

export type House = {
  /** $SKEIN_HOME. */
  readonly home: string;
  /** The state folder where its agents run: the same, or the one on the far host. */
  readonly agentHome: string;
  /** What a session there is created with. */
  readonly host: { readonly host?: string };
  /** Work folders and whatever else belongs to the test; beside the state folder. */
  readonly place: string;
  readonly log: EventLog;
  readonly call: SocketClient["call"];
  pid(): number;
  /** An empty work folder. */
  folder(name: string): Promise<string>;
  /** SIGKILL, and waits until it is dead. */
  kill9(): Promise<void>;
  /** Starts the daemon again on the same state folder; the watcher resumes. */
  restart(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  down(): Promise<number | null>;
  /** Ends the daemon and all it started, and removes the folders. */
  close(): Promise<void>;
  /** The daemon's own log, newest lines, without those of requests. */
  tail(lines?: number): Promise<string>;
};

/** Nothing of this process's environment but what a shell would have; the state folder marks all that is started. */
const shellEnv = (home: string, place: string): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: join(place, "person"),
  LANG: "C.UTF-8",
  TERM: "dumb",
  SKEIN_HOME: home,
  NODE_COMPILE_CACHE: CACHE,
});

type Running = { readonly child: ChildProcess; readonly exited: Promise<number | null> };

// A second alone; twenty of them side by side on two cores that others share took longer than twenty.
const START_MS = 60_000;

/** Resolves when the daemon says that it is ready; rejects with what it said when it ends before. */
const startChild = async (env: Readonly<Record<string, string>>): Promise<Running> => {
  const child = spawn(process.execPath, [MAIN, "up", "--port", "0"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ready = Promise.withResolvers<void>();
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    if (/ is ready/.test(said)) ready.resolve();
  });
  void exited.then((code) =>
    ready.reject(new Error(`the daemon ended (${code}) before it was ready:\n${said}`)),
  );
  const late = setTimeout(
    () => ready.reject(new Error(`the daemon was not ready in time:\n${said}`)),
    START_MS,
  );
  try {
    await ready.promise;
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(late);
  }
  return { child, exited };
};

const RETRY_MS = 25;
/** It goes on for longer than the next daemon may take to start. */
const RETRIES = (2 * START_MS) / RETRY_MS;

/** The typed client, on the unix socket: it comes back by itself, as a person's would, only sooner. */
const connectTo = (home: string): SocketClient =>
  connectSocket({
    client: { version: "0.0.0", mode: "test" },
    socket: () => new WebSocket(`ws+unix:${join(home, "run", "skein.sock")}:/`) as SocketLike,
    attempts: RETRIES,
    pause: (ms, signal) =>
      sleep(Math.min(ms, RETRY_MS), undefined, signal === undefined ? {} : { signal }).catch(
        () => {},
      ),
  });

/** Follows the log over every daemon to come, until the signal. What ends it before is a broken promise. */
const follow = async (client: SocketClient, log: EventLog, signal: AbortSignal): Promise<void> => {
  try {
    for await (const frame of client.watch({ after: 0 }, { signal })) log.take(frame);
  } catch (error) {
    if (!signal.aborted) log.fail(`the watch ended: ${String(error)}`);
  }
};

const makePlace = async (home: string | undefined): Promise<{ place: string; home: string }> => {
  const place = await realpath(await mkdtemp(join(tmpdir(), "skein-")));
  const state = home ?? join(place, "home");
  await mkdir(state, { recursive: true, mode: 0o700 });
  await mkdir(join(place, "person"), { recursive: true });
  return { place, home: state };
};

export const openHouse = async (options: HouseOptions): Promise<House> => {
  const { place, home } = await makePlace(options.home);
  const { far } = options;
  const ssh = far === undefined ? {} : { ssh: { config: far.config } };
  await writeFile(
    join(home, "config.json5"),
    JSON.stringify({ ...ssh, ...(await options.config(place)) }),
  );
  const log = makeEventLog(options.patienceMs);
  const ending = new AbortController();
  const client = connectTo(home);
  const env = { ...shellEnv(home, place), ...options.env };
  let running: Running;
  let agentHome = home;
  const begin = async (): Promise<void> => {
    running = await startChild(env);
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    running.child.kill(signal);
    return running.exited;
  };
  const close = async (): Promise<void> => {
    ending.abort();
    client.close();
    await sweepHome(home);
    if (agentHome !== home) await sweepHome(agentHome);
    await far?.close();
    await rm(place, { recursive: true, force: true });
  };
  try {
    await begin();
    if (far !== undefined)
      agentHome = (await client.call("hosts.add", { host: far.name })).host.home;
  } catch (error) {
    await close();
    throw error;
  }
  void follow(client, log, ending.signal);
  let folders = 0;
  return {
    home,
    agentHome,
    host: far === undefined ? {} : { host: far.name },
    place,
    log,
    call: client.call,
    pid: () => running.child.pid!,
    folder: async (name) => {
      const path = join(place, "work", `${name}-${++folders}`);
      await mkdir(path, { recursive: true });
      return path;
    },
    kill9: async () => void (await end("SIGKILL")),
    restart: begin,
    down: () => end("SIGTERM"),
    close,
    tail: async (lines = 20) => {
      const text = await readFile(join(home, "logs", "daemon.log"), "utf8").catch(() => "");
      const worth = text
        .split("\n")
        .filter((line) => line !== "" && !line.includes('"msg":"request"'));
      return worth.slice(-lines).join("\n");
    },
  };
};
