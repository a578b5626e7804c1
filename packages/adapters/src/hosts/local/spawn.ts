/** Starts a process that outlives this one: a session of its own, FIFO and spool for its three streams. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { marksOf, type DetachedSpec, type Exit, type ProcessRef } from "@skein/sdk";
import {
  fileFault,
  folderRefusal,
  notStarted,
  programForbidden,
  programMissing,
  refusal,
} from "../refusals.ts";
import type { ProcessStat } from "../marks.ts";
import { makeFifo } from "./fifo.ts";
import { lookAtFolder } from "./paths.ts";
import type { Processes } from "./processes.ts";
import { send } from "./sweep.ts";

/** A missing folder and a missing program are the same ENOENT of spawn(2): the folder is looked at first. */
const checkFolder = async (folder: string): Promise<void> => {
  const refused = folderRefusal(folder, await lookAtFolder(folder));
  if (refused !== null) throw refused;
};

const whyNotStarted = (program: string, error: NodeJS.ErrnoException) => {
  if (error.code === "ENOENT") return programMissing(program, error);
  if (error.code === "EACCES") return programForbidden(program, error);
  if (error.code === "E2BIG")
    return refusal(
      "internal",
      `The arguments and environment for ${program} are too long.`,
      "Shorten what the configuration gives it.",
      error,
    );
  return notStarted(program, error);
};

/** Throws an AdapterFailure for what `spawn` says at once; the rest is told by the child's `error`. */
const spawnApart = (
  home: string,
  { argv: [program, ...args], env, folder, owner }: DetachedSpec,
  stdio: number[],
): ChildProcess => {
  try {
    return spawn(program, args, {
      cwd: folder,
      env: { ...env, ...marksOf(home, owner) },
      detached: true,
      stdio,
    });
  } catch (error) {
    throw whyNotStarted(program, error as NodeJS.ErrnoException);
  }
};

const exitOf = (child: ChildProcess): Promise<Exit> => {
  const { promise, resolve } = Promise.withResolvers<Exit>();
  child.once("exit", (exitCode, signal) => resolve({ exitCode, signal, witnessed: true }));
  return promise;
};

const spawned = (child: ChildProcess, program: string): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once("spawn", resolve);
  child.once("error", (error) => reject(whyNotStarted(program, error)));
  return promise;
};

/** "": it is dead already. One that cannot be told from another is none that could be looked after: it does not stay. */
const birthOf = async (child: ChildProcess, stat: Promise<ProcessStat | null>): Promise<string> => {
  try {
    return (await stat)?.started ?? "";
  } catch (error) {
    if (child.pid !== undefined) send(-child.pid, "SIGKILL");
    throw error;
  }
};

type Spawned = { readonly process: ProcessRef; readonly exited: Promise<Exit> };

type Streams = { readonly stdio: number[]; close(): void };

/** The FIFO and the two files of the spool, as the process gets them. */
const openStreams = async (dir: string): Promise<Streams> => {
  const stdio: number[] = [];
  const close = (): void => {
    for (const descriptor of stdio) closeSync(descriptor);
  };
  const open = (name: string, flags: number): number =>
    stdio.push(openSync(join(dir, name), flags, 0o600));
  const append = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await chmod(dir, 0o700);
    await makeFifo(join(dir, "in"));
    // Read-write: the agent itself is then a writer of its stdin, and never sees its end.
    open("in", constants.O_RDWR);
    open("out", append);
    open("err", append);
  } catch (error) {
    close();
    throw fileFault(`${dir} cannot be made`, error);
  }
  return { stdio, close };
};

/** Rejects with an AdapterFailure and leaves no process behind; `dir` may stay, with what an earlier try wrote there. */
export const spawnDetached = async (
  deps: { readonly home: string; readonly processes: Processes },
  spec: DetachedSpec,
): Promise<Spawned> => {
  await checkFolder(spec.folder);
  const { stdio, close } = await openStreams(spec.dir);
  try {
    const [program] = spec.argv;
    const child = spawnApart(deps.home, spec, stdio);
    const exited = exitOf(child);
    // In the same turn as the spawn: not even a process that died at once has been reaped by now.
    const stat =
      child.pid === undefined ? Promise.resolve(null) : deps.processes.statNow(child.pid);
    stat.catch(() => undefined);
    await spawned(child, program);
    child.unref();
    return { process: { pid: child.pid ?? 0, started: await birthOf(child, stat) }, exited };
  } finally {
    close();
  }
};
