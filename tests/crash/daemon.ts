/**
 * A real daemon in a process of its own, to be killed. Started as people start it (`skein up`); it counts as ready when its
 * socket lets a client in, not when it says so: whoever kills it must be able to do so before it has said anything.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sweepHome } from "../scenarios/processes.ts";
import { openLine, type Line } from "./line.ts";

const MAIN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
/** Half of a start is compiling; this is what the installed command does, too. */
const COMPILED = fileURLToPath(new URL("../../.cache/compile", import.meta.url));
const READY_MS = 20_000;
const KNOCK_MS = 4;

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Daemon = {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** The first client that was let in; null when the daemon ended before. Rejects when neither happens in time. */
  readonly ready: Promise<Line | null>;
  /** Milliseconds from the start of the process to the first client let in; after `ready`. */
  bootMs(): number;
  kill(signal: NodeJS.Signals): void;
  /** What it said on its standard streams. */
  said(): string;
};

type Boot = {
  readonly home: string;
  /** name:side:hit */
  readonly failpoint?: string;
  readonly env?: Readonly<Record<string, string>>;
};

const environment = ({ home, failpoint, env }: Boot): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: join(home, "..", "person"),
  LANG: "C.UTF-8",
  NODE_COMPILE_CACHE: COMPILED,
  SKEIN_HOME: home,
  ...(failpoint === undefined ? {} : { SKEIN_FAILPOINT: failpoint }),
  ...env,
});

const knock = async (child: ChildProcess, home: string): Promise<Line | null> => {
  const began = performance.now();
  while (performance.now() - began < READY_MS) {
    if (child.exitCode !== null || child.signalCode !== null) return null;
    const line = await openLine(home).catch(() => null);
    if (line !== null) return line;
    await pause(KNOCK_MS);
  }
  throw new Error(`The daemon was not ready within ${READY_MS} ms.`);
};

export const boot = (how: Boot): Daemon => {
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, "up", "--port", "0"], {
    env: environment(how),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const hear = (chunk: Buffer): void => void (said += chunk.toString());
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }) as Exit);
  let bootMs = Number.NaN;
  const ready = knock(child, how.home).then((line) => {
    bootMs = performance.now() - began;
    return line;
  });
  if (child.pid === undefined) throw new Error("The daemon could not be started.");
  return {
    pid: child.pid,
    exited,
    ready,
    bootMs: () => bootMs,
    kill: (signal) => void child.kill(signal),
    said: () => said,
  };
};

export type Place = {
  /** $SKEIN_HOME */
  readonly home: string;
  /** A fresh work folder. */
  folder(name: string): string;
  /** The daemon's log, newest lines. */
  tail(lines?: number): Promise<string>;
  /** Ends all that carries this state folder's mark and removes the folders. Gives how many processes there were. */
  clear(): Promise<number>;
};

/** A state folder with this configuration, and room for work beside it. */
export const makePlace = async (
  config: (place: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<Place> => {
  const place = await realpath(await mkdtemp(join(tmpdir(), "skein-crash-")));
  const home = join(place, "home");
  for (const name of ["home", "person", "work"]) mkdirSync(join(place, name), { mode: 0o700 });
  writeFileSync(join(home, "config.json5"), JSON.stringify(await config(place)));
  return {
    home,
    folder: (name) => {
      const path = join(place, "work", name);
      mkdirSync(path, { recursive: true });
      return path;
    },
    tail: async (lines = 30) => {
      const text = await readFile(join(home, "logs", "daemon.log"), "utf8").catch(() => "");
      return text.trimEnd().split("\n").slice(-lines).join("\n");
    },
    clear: async () => {
      const killed = await sweepHome(home);
      // To look at what a failed run left behind.
      if (process.env["SKEIN_CRASH_KEEP"] === undefined)
        await rm(place, { recursive: true, force: true });
      return killed;
    },
  };
};
