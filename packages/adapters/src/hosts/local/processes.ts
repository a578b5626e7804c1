/**
 * What runs on this machine, and whose it is. Linux: /proc. Elsewhere: `ps`, which tells less (see processes-ps.ts).
 *
 * A process belongs to an owner by the marks in its environment, which all that it starts inherits; a session (in the
 * kernel's sense) that a marked process sits in belongs to the same owner, so that a child which dropped its environment
 * is still found. Zombies are dead.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import type { Owner } from "@skein/sdk";

export type ProcessStat = {
  readonly pid: number;
  readonly started: string;
  readonly group: number;
  readonly session: number;
};

export type OwnedProcess = ProcessStat & { readonly owner: Owner };

/** The marks, in one place: what `start` adds to the environment and what a scan looks for. */
export const marksOf = (home: string, owner: Owner): Record<string, string> => ({
  SKEIN_HOME: home,
  SKEIN_SESSION: owner.session,
  SKEIN_GENERATION: String(owner.generation),
});

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

/**
 * /proc/PID/stat, proc_pid_stat(5): the command in parentheses may hold spaces and parentheses, so fields are counted
 * after the last `)`: state is the first of them, group the third, session the fourth, start time (field 22) the twentieth.
 */
export const parseStat = (pid: number, text: string, evenDead = false): ProcessStat | null => {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, , group, session] = fields;
  const started = fields[19];
  if (started === undefined || state === undefined) return null;
  if (!evenDead && "ZXx".includes(state)) return null;
  return { pid, started, group: Number(group), session: Number(session) };
};

const readStat = (pid: number, evenDead = false): ProcessStat | null => {
  try {
    // Synchronous on purpose: procfs answers from memory, and a spawned process must be caught before it is reaped.
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, "latin1"), evenDead);
  } catch {
    return null;
  }
};

/** The owner that an environment block (NAME=value, each ended by NUL) names; null when it is not of this home. */
export const ownerIn = (environment: Buffer, home: string): Owner | null => {
  if (!environment.includes(`SKEIN_HOME=${home}\0`)) return null;
  const variables = environment.toString("utf8").split("\0");
  const read = (name: string) =>
    variables.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  const session = read("SKEIN_SESSION");
  const generation = Number(read("SKEIN_GENERATION"));
  // The first of two equal names wins, as getenv(3) has it.
  if (read("SKEIN_HOME") !== home || !session || !Number.isInteger(generation)) return null;
  return { session, generation };
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
