/**
 * Processes by the marks that Skein puts into their environment, read from /proc as an outsider would: the tests must
 * not ask the code under test whether it left something behind.
 */
import { settled } from "@skein/sdk/testkit";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

export type Marked = {
  readonly pid: number;
  /** The owner's marks; null for the daemon itself and the command line. */
  readonly session: string | null;
  readonly generation: number | null;
  readonly args: readonly string[];
  /** Ticks since the machine booted, field 22 of proc_pid_stat(5): pids begin anew at the end of their range. */
  readonly started: number;
};

const words = (text: string): string[] => text.split("\0").filter((word) => word !== "");

const startOf = (stat: string): number =>
  Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);

const readProcess = async (pid: number, home: string): Promise<Marked | null> => {
  try {
    const env = words(await readFile(`/proc/${pid}/environ`, "utf8"));
    if (!env.includes(`SKEIN_HOME=${home}`)) return null;
    const value = (name: string): string | null =>
      env.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
    const generation = value("SKEIN_GENERATION");
    return {
      pid,
      session: value("SKEIN_SESSION"),
      generation: generation === null ? null : Number(generation),
      args: words(await readFile(`/proc/${pid}/cmdline`, "utf8")),
      started: startOf(await readFile(`/proc/${pid}/stat`, "latin1")),
    };
  } catch {
    // It ended meanwhile, or belongs to someone else.
    return null;
  }
};

/** Everything alive that carries this state folder's mark, the daemon included. */
export const everyProcess = async (home: string): Promise<Marked[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => readProcess(pid, home)));
  return found.filter((one) => one !== null);
};

/** What the daemon's own clients of tmux carry: they live as long as somebody looks at a terminal. */
const TMUX_CLIENT = "tmux-client";

/** Agents and what they started. */
export const agentProcesses = async (home: string): Promise<Marked[]> =>
  (await everyProcess(home)).filter(({ session }) => session !== null && session !== TMUX_CLIENT);

/** A pid whose arguments hold this word; the shells around it hold it too. */
export const runningWith = async (home: string, word: string): Promise<Marked[]> =>
  (await agentProcesses(home)).filter((one) => one.args.some((arg) => arg.includes(word)));

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** tmux and its clients on a state folder's socket: it carries no marks, so that no sweep of Skein's ends it. */
const tmuxOf = async (home: string): Promise<{ readonly pid: number }[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const args = words(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
      return args.includes(`${home}/run/tmux`) ? { pid } : null;
    }),
  );
  return found.filter((one) => one !== null);
};

/** Kills what carries the mark, and the terminals, until none is left; ends after 50 rounds, whatever comes. */
export const sweepHome = async (home: string): Promise<number> => {
  let killed = 0;
  for (let round = 0; round < 50; round++) {
    const left = [...(await everyProcess(home)), ...(await tmuxOf(home))];
    if (left.length === 0) return killed;
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL");
        killed++;
      } catch {
        // It ended meanwhile.
      }
    }
    await pause(20);
  }
  throw new Error(`processes of ${home} do not die`);
};

/** For what the kernel alone knows, and tells nobody: looks until it is so; resolves with how long that took. */
export const untilTrue = async (
  what: string,
  test: () => Promise<boolean> | boolean,
  ms = 10_000,
): Promise<number> => {
  const began = performance.now();
  if (!(await settled(test, Boolean, ms))) throw new Error(`not within ${ms} ms: ${what}`);
  return performance.now() - began;
};
