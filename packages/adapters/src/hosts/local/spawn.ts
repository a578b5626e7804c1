/** Starts a process that outlives this one: a session of its own, FIFO and spool for its three streams. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { adapterFailure, type DetachedSpec, type Exit, type ProcessRef } from "@skein/sdk";
import { makeFifo } from "./fifo.ts";
import { lookAtFolder } from "./paths.ts";
import { marksOf, type Processes } from "./processes.ts";

const refusal = (
  code: "folder_not_found" | "folder_not_directory" | "backend_not_installed" | "internal",
  message: string,
  remedy: string,
  cause?: unknown,
) => adapterFailure(message, { kind: "unavailable", code, remedy, retryable: false }, cause);

/** A missing folder and a missing program are the same ENOENT of spawn(2): the folder is looked at first. */
const checkFolder = async (folder: string): Promise<void> => {
  switch (await lookAtFolder(folder)) {
    case "directory":
      return;
    case "missing":
      throw refusal(
        "folder_not_found",
        `The folder ${folder} does not exist.`,
        "Create it, or choose another folder.",
      );
    case "file":
      throw refusal(
        "folder_not_directory",
        `${folder} is a file, not a folder.`,
        "Choose the folder that it lies in.",
      );
    case "unreadable":
      throw refusal(
        "folder_not_found",
        `The folder ${folder} may not be entered.`,
        "Give yourself the right to read it, or choose another folder.",
      );
  }
};

const whyNotStarted = (program: string, error: NodeJS.ErrnoException) => {
  if (error.code === "ENOENT")
    return refusal(
      "backend_not_installed",
      `The program ${program} does not exist.`,
      "Install it, or name its path in the configuration.",
      error,
    );
  if (error.code === "EACCES")
    return refusal(
      "backend_not_installed",
      `The program ${program} may not be executed.`,
      "Give yourself the right to execute it, or name another one in the configuration.",
      error,
    );
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

export type Spawned = { readonly process: ProcessRef; readonly exited: Promise<Exit> };

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
