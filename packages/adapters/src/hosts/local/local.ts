/** The machine that the daemon itself runs on. */
import { realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Detached, Exit, Host, Owner } from "@skein/sdk";
import { byOwner, sameOwner, type OwnedProcess } from "../marks.ts";
import { makeDetached, type DetachedDeps } from "./detached.ts";
import { makeExitWatch } from "./exits.ts";
import { makeFiles } from "./files.ts";
import { findProgram, lookAtFolder } from "./paths.ts";
import { openPipe } from "./pipe.ts";
import { makeLinuxProcesses, type Processes } from "./processes.ts";
import { makePsProcesses } from "./processes-ps.ts";
import { runCommand } from "./run.ts";
import { spawnDetached } from "./spawn.ts";
import { sweepOwner } from "./sweep.ts";
import { readSpool } from "./tail.ts";

export type LocalHostDeps = {
  /** $SKEIN_HOME: only processes that carry it are ours. */
  readonly home: string;
  readonly clock: Clock;
  /** The environment that a login has here: what the daemon was started with. */
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/** The owner's agent: leader of its group, with this folder's FIFO as its stdin; the oldest of several. */
const findLeader = (
  owned: readonly OwnedProcess[],
  dir: string,
  owner: Owner,
  processes: Processes,
): OwnedProcess | null => {
  const fifo = join(resolved(dir), "in");
  const leaders = owned
    .filter((one) => one.pid === one.group && sameOwner(one.owner, owner))
    // Commands that an agent runs in sessions of their own lead their groups too, but read from elsewhere.
    .filter((one) => (processes.stdin(one.pid) ?? fifo).startsWith(fifo))
    .toSorted((one, other) => Number(one.started) - Number(other.started));
  return leaders[0] ?? null;
};

const resolved = (dir: string): string => {
  try {
    return realpathSync(dir);
  } catch {
    return dir;
  }
};

/** Nothing to close: it holds no descriptors of its own, and its handles are closed one by one. */
export const makeLocalHost = ({ home, clock, env = {} }: LocalHostDeps): Host => {
  const processes = process.platform === "linux" ? makeLinuxProcesses(clock) : makePsProcesses();
  const exits = makeExitWatch(clock, processes);
  const deps: DetachedDeps = { home, clock, processes };

  const adopt = async (dir: string, owner: Owner): Promise<Detached | null> => {
    const leader = findLeader(await processes.owned(home), dir, owner, processes);
    if (leader === null) return null;
    const process = { pid: leader.pid, started: leader.started };
    const { promise: exited, resolve } = Promise.withResolvers<Exit>();
    const forget = exits.watch(process, resolve);
    return makeDetached(deps, { dir, owner, process, exited, look: () => exits.look(), forget });
  };

  return {
    id: "local",
    home,
    reach: () => ({ state: "reachable" }),
    onReach: () => () => undefined,
    environment: async () => env,
    files: makeFiles(clock),
    open: openPipe,
    socket: async (path) => path,
    folder: lookAtFolder,
    which: findProgram,
    run: (argv, options) => runCommand(clock, argv, options),
    start: async (spec) => {
      const { process, exited } = await spawnDetached(deps, spec);
      const nothing = () => undefined;
      const look = async (): Promise<void> => undefined;
      return makeDetached(deps, { ...spec, process, exited, look, forget: nothing });
    },
    adopt,
    spool: (dir, from) => readSpool(join(dir, "out"), from),
    process: async (pid) => {
      const found = await processes.stat(pid);
      return found === null ? null : { pid, started: found.started };
    },
    ended: async (pids) => {
      const alive = new Set(await processes.alive(pids));
      return new Set(pids.filter((pid) => !alive.has(pid)));
    },
    owners: async () => byOwner(await processes.owned(home)),
    sweep: (owner, spare) => sweepOwner(deps, owner, spare),
    remove: (dir) => rm(dir, { recursive: true, force: true }),
  };
};
