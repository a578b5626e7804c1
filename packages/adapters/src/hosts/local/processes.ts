/**
 * What runs on this machine, and whose it is. Linux: /proc. Elsewhere: `ps`, which tells less (see processes-ps.ts).
 *
 * A process belongs to an owner by the marks in its environment, which all that it starts inherits; a session (in the
 * kernel's sense) that a marked process sits in belongs to the same owner, so that a child which dropped its environment
 * is still found. Zombies are dead.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { pause, type Clock } from "@skein/sdk";
import { ownerIn, parseStat, type OwnedProcess, type ProcessStat } from "../marks.ts";
import { untold } from "../refusals.ts";

/** Each rejects with an AdapterFailure when that cannot be told now (no descriptor is left, say): what is not known is not dead. */
export type Processes = {
  /** null: it is dead (or a zombie). */
  stat(pid: number): Promise<ProcessStat | null>;
  /** Of a process spawned in this very turn of the event loop: asked before it can be reaped. */
  statNow(pid: number): Promise<ProcessStat | null>;
  /** Those of these that are not dead. */
  alive(pids: readonly number[]): Promise<readonly number[]>;
  /** Every process here that carries the marks of `home`. */
  owned(home: string): Promise<readonly OwnedProcess[]>;
  /** What its standard input is; null when that cannot be told. */
  stdin(pid: number): string | null;
  /** Milliseconds that it has run. */
  age(stat: ProcessStat): Promise<number>;
};

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";
/** There is no such process, or it went while it was read. */
const isGone = (error: unknown): boolean => ["ENOENT", "ESRCH"].includes(codeOf(error));
const isForbidden = (error: unknown): boolean => ["EACCES", "EPERM"].includes(codeOf(error));

const readStat = (pid: number, evenDead = false): ProcessStat | null => {
  try {
    // Synchronous on purpose: procfs answers from memory, and a spawned process must be caught before it is reaped.
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, "latin1"), evenDead);
  } catch (error) {
    if (isGone(error)) return null;
    throw untold(error);
  }
};

/** Each holds a descriptor. */
const batch = 16;

/**
 * What an environment without a byte means. In the middle of an `exec` the old one is gone, and the new one is not there yet:
 * proc_pid_stat(5) shows a program with memory (vsize, field 23) whose environment ends nowhere (env_end, field 51; env_start
 * is field 50). Behind it there is one to be read.
 */
const whyEmpty = (pid: number): "none" | "between programs" | "there now" => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [memory, begin, end] = [fields[20], fields[47], fields[48]];
    if (memory !== "0" && end === "0") return "between programs";
    return memory === "0" || begin === end ? "none" : "there now";
  } catch (error) {
    if (isGone(error)) return "none";
    throw untold(error);
  }
};

/** An `exec` is over within a millisecond, on a busy machine when it has had its turn again. */
const LOOK_MS = 1;
const LOOKS = 500;

/** null: not ours to read. Empty: a zombie, a kernel thread, or a program that was given none. */
const readEnvironment = async (pid: number, clock: Clock): Promise<Buffer | null> => {
  for (let look = 1; ; look += 1) {
    const environment = await readFile(`/proc/${pid}/environ`).catch((error: unknown) => {
      if (isGone(error) || isForbidden(error)) return null;
      throw untold(error);
    });
    if (environment?.length !== 0 || look === LOOKS) return environment;
    const why = whyEmpty(pid);
    if (why === "none") return environment;
    if (why === "between programs") await pause(clock, LOOK_MS);
  }
};

const scan = async (home: string, clock: Clock): Promise<readonly OwnedProcess[]> => {
  const names = await readdir("/proc").catch((error: unknown) => {
    throw untold(error);
  });
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const unmarked: ProcessStat[] = [];
  const owned: OwnedProcess[] = [];
  const look = async (pid: number): Promise<void> => {
    const environment = await readEnvironment(pid, clock);
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
  const text = await readFile("/proc/uptime", "latin1").catch((error: unknown) => {
    throw untold(error);
  });
  const uptime = Number(text.split(" ")[0]);
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
export const makeLinuxProcesses = (clock: Clock): Processes => {
  const waiting = new Map<string, Promise<readonly OwnedProcess[]>>();
  let running: Promise<unknown> = Promise.resolve();
  return {
    stat: async (pid) => readStat(pid),
    statNow: async (pid) => readStat(pid, true),
    alive: async (pids) => pids.filter((pid) => readStat(pid) !== null),
    stdin: readStdin,
    age,
    owned: (home) => {
      const next = waiting.get(home);
      if (next !== undefined) return next;
      const mine = running.then(() => {
        waiting.delete(home);
        return scan(home, clock);
      });
      running = mine.catch(() => undefined);
      waiting.set(home, mine);
      return mine;
    },
  };
};
