/**
 * What runs on this machine, and whose it is. Linux: /proc. Elsewhere: `ps`, which tells less (see processes-ps.ts).
 *
 * A process belongs to an owner by the marks in its environment, which all that it starts inherits; a session (in the
 * kernel's sense) that a marked process sits in belongs to the same owner, so that a child which dropped its environment
 * is still found. Zombies are dead.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { ownerIn, parseStat, type OwnedProcess, type ProcessStat } from "../marks.ts";

export type Processes = {
  /** null: it is dead (or a zombie). */
  stat(pid: number): Promise<ProcessStat | null>;
  /** Of a process spawned in this very turn of the event loop: asked before it can be reaped. */
  statNow(pid: number): Promise<ProcessStat | null>;
  /** Every process here that carries the marks of `home`. */
  owned(home: string): Promise<readonly OwnedProcess[]>;
  /** What its standard input is; null when that cannot be told. */
  stdin(pid: number): string | null;
  /** Milliseconds that it has run. */
  age(stat: ProcessStat): Promise<number>;
};

const readStat = (pid: number, evenDead = false): ProcessStat | null => {
  try {
    // Synchronous on purpose: procfs answers from memory, and a spawned process must be caught before it is reaped.
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, "latin1"), evenDead);
  } catch {
    return null;
  }
};

const batch = 64;

const scan = async (home: string): Promise<readonly OwnedProcess[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const unmarked: ProcessStat[] = [];
  const owned: OwnedProcess[] = [];
  const look = async (pid: number): Promise<void> => {
    const environment = await readFile(`/proc/${pid}/environ`).catch(() => null);
    // Not ours to read, or a zombie or kernel thread, whose environment is empty.
    if (environment === null) return;
    const stat = readStat(pid);
    if (stat === null) return;
    const owner = ownerIn(environment, home);
    if (owner === null) unmarked.push(stat);
    else owned.push({ ...stat, owner });
  };
  for (let at = 0; at < pids.length; at += batch) {
    await Promise.all(pids.slice(at, at + batch).map(look));
  }
  const sessions = new Map(owned.map((one) => [one.session, one.owner]));
  for (const stat of unmarked) {
    const owner = sessions.get(stat.session);
    if (owner !== undefined) owned.push({ ...stat, owner });
  }
  return owned;
};

/** Start times are counted in USER_HZ, which is 100 for every Linux program. */
const ticksPerSecond = 100;

const age = async (stat: ProcessStat): Promise<number> => {
  const uptime = Number((await readFile("/proc/uptime", "latin1")).split(" ")[0]);
  return (uptime - Number(stat.started) / ticksPerSecond) * 1000;
};

const readStdin = (pid: number): string | null => {
  try {
    return readlinkSync(`/proc/${pid}/fd/0`);
  } catch {
    return null;
  }
};

/**
 * Many sessions ask at once when a daemon comes back: one scan serves all who asked before it began; who asks while one
 * runs gets the next, so that nobody is told of a moment before their question.
 */
export const makeLinuxProcesses = (): Processes => {
  const waiting = new Map<string, Promise<readonly OwnedProcess[]>>();
  let running: Promise<unknown> = Promise.resolve();
  return {
    stat: async (pid) => readStat(pid),
    statNow: async (pid) => readStat(pid, true),
    stdin: readStdin,
    age,
    owned: (home) => {
      const next = waiting.get(home);
      if (next !== undefined) return next;
      const mine = running.then(() => {
        waiting.delete(home);
        return scan(home);
      });
      running = mine.catch(() => undefined);
      waiting.set(home, mine);
      return mine;
    },
  };
};
