/** Starts a process that outlives this one: a session of its own, FIFO and spool for its three streams. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { marksOf, type DetachedSpec, type Exit, type ProcessRef } from "@skein/sdk";
import { folderRefusal, programForbidden, programMissing, refusal } from "../refusals.ts";
import { makeFifo } from "./fifo.ts";
import { lookAtFolder } from "./paths.ts";
import type { Processes } from "./processes.ts";

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
  return refusal(
    "internal",
    `${program} could not be started: ${error.message}.`,
    "See the log.",
    error,
  );
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

type Spawned = { readonly process: ProcessRef; readonly exited: Promise<Exit> };

/** Rejects with an AdapterFailure and leaves no process behind; `dir` may stay, with what an earlier try wrote there. */
export const spawnDetached = async (
  deps: { readonly home: string; readonly processes: Processes },
  spec: DetachedSpec,
): Promise<Spawned> => {
  await checkFolder(spec.folder);
  await mkdir(spec.dir, { recursive: true, mode: 0o700 });
  await chmod(spec.dir, 0o700);
  await makeFifo(join(spec.dir, "in"));
  const append = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  const descriptors: number[] = [];
  const open = (name: string, flags: number): number => {
    const descriptor = openSync(join(spec.dir, name), flags, 0o600);
    descriptors.push(descriptor);
    return descriptor;
  };
  try {
    // Read-write: the agent itself is then a writer of its stdin, and never sees its end.
    const stdio = [open("in", constants.O_RDWR), open("out", append), open("err", append)];
    const [program, ...args] = spec.argv;
    const child = spawn(program, args, {
      cwd: spec.folder,
      env: { ...spec.env, ...marksOf(deps.home, spec.owner) },
      detached: true,
      stdio,
    });
    const exited = exitOf(child);
    // In the same turn as the spawn: not even a process that died at once has been reaped by now.
    const stat = child.pid === undefined ? null : deps.processes.statNow(child.pid);
    await spawned(child, program);
    child.unref();
    const started = (await stat)?.started ?? "";
    return { process: { pid: child.pid ?? 0, started }, exited };
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
};
