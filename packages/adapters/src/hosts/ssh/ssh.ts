/** A machine that `ssh NAME` reaches. */
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { HostName, quote } from "@skein/contract";
import type { Clock, Detached, Host, Owner, Reach } from "@skein/sdk";
import { byOwner, sameOwner } from "../marks.ts";
import { makeAsk } from "./ask.ts";
import { makeDetached, type DetachedDeps } from "./detached.ts";
import { makeEnvironment } from "./environment.ts";
import { makeFiles, removeThere } from "./files.ts";
import { makeFolder, makeWhich } from "./folders.ts";
import { restOfFile } from "./follow.ts";
import { makeGuard } from "./guard.ts";
import { makeLink } from "./link.ts";
import { makeOpen } from "./pipe.ts";
import { makeProcesses, type Found } from "./processes.ts";
import { makeRun } from "./run.ts";
import { makeSockets } from "./sockets.ts";
import { startThere } from "./start.ts";

export type SshHostDeps = {
  /** What `ssh NAME` takes. */
  readonly name: string;
  /** Skein's folder over there, absolute, as `reachSsh` told it: only processes that carry it are ours. */
  readonly home: string;
  /** A folder here, 0700, for sockets; its path shorter than 65 bytes. Made if missing. */
  readonly run: string;
  readonly clock: Clock;
  /** The daemon's own environment: SSH_AUTH_SOCK in it leads ssh to the user's keys. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Another file than ~/.ssh/config. */
  readonly config?: string;
  /** From 0 to 1, for jitter. Default: Math.random. */
  readonly random?: () => number;
};

export type SshHost = Host & {
  /** Tries to reach it now, instead of at the next try; resolves with what came of it. */
  reachNow(): Promise<Reach>;
  /** Ends the connection and gives up what goes through it. What runs over there goes on. */
  close(): Promise<void>;
};

/** The owner's agent: leader of its group, with this folder's FIFO as its stdin; the oldest of several. */
const findLeader = (all: readonly Found[], fifo: string, owner: Owner): Found | null =>
  all
    .filter((one) => one.pid === one.group && sameOwner(one.owner, owner))
    // Commands that an agent runs in sessions of their own lead their groups too, but read from elsewhere.
    .filter((one) => (one.stdin ?? fifo).startsWith(fifo))
    .toSorted((one, other) => other.ageMs - one.ageMs)[0] ?? null;

/** Begins to connect at once, and holds one connection (more where much goes on) until it is closed. */
export const makeSshHost = (given: SshHostDeps): SshHost => {
  const deps = { ...given, name: HostName.parse(given.name), random: given.random ?? Math.random };
  mkdirSync(deps.run, { recursive: true, mode: 0o700 });
  const link = makeLink(deps);
  const ask = makeAsk({ ...deps, link });
  const processes = makeProcesses({ ...deps, ask });
  const guard = makeGuard({ ...deps, link });
  const sockets = makeSockets({ ...deps, link });
  const all: DetachedDeps = { ...deps, link, ask, guard, processes };
  const forever = new AbortController();

  const adopt = async (dir: string, owner: Owner): Promise<Detached | null> => {
    const real = await ask(`cd -- ${quote(dir)} 2>/dev/null && pwd -P`);
    const fifo = `${real.code === 0 ? real.output.toString("utf8").trimEnd() : dir}/in`;
    const leader = findLeader(await processes.owned(), fifo, owner);
    if (leader === null) return null;
    const process = { pid: leader.pid, started: leader.started };
    return makeDetached(all, { dir, owner, process });
  };
  return {
    id: deps.name,
    home: deps.home,
    reach: link.reach,
    onReach: link.onReach,
    reachNow: link.now,
    environment: makeEnvironment({ ...deps, ask, mark: randomUUID }),
    files: makeFiles(all),
    open: makeOpen(all),
    socket: sockets.path,
    folder: makeFolder(ask),
    which: makeWhich(ask),
    run: makeRun(all),
    start: async (spec) => {
      const process = await startThere({ home: deps.home, ask }, spec);
      return makeDetached(all, { dir: spec.dir, owner: spec.owner, process });
    },
    adopt,
    spool: (dir, from) => restOfFile(all, `${dir}/out`, from, forever.signal),
    process: processes.process,
    ended: processes.ended,
    owners: async () => byOwner(await processes.owned()),
    sweep: processes.sweep,
    remove: (dir) => removeThere(ask, dir),
    close: async () => {
      forever.abort();
      guard.close();
      sockets.close();
      await link.close();
    },
  };
};
