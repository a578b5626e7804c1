/**
 * How the kernel's words about processes are read, and the owner's marks in their environment: what every host knows of whose a
 * process is. Nothing here touches a process.
 */
import type { Owner } from "@skein/sdk";

export type ProcessStat = {
  readonly pid: number;
  readonly started: string;
  readonly group: number;
  readonly session: number;
};

export type OwnedProcess = ProcessStat & { readonly owner: Owner };

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

/** The same in what ps shows of an environment, where blanks separate variables; of whichever home. */
export const ownerInRow = (rest: string): Owner | null => {
  const session = / SKEIN_SESSION=(\S+)/.exec(rest)?.[1];
  const generation = Number(/ SKEIN_GENERATION=(\d+)/.exec(rest)?.[1]);
  return session === undefined || !Number.isInteger(generation) ? null : { session, generation };
};

export const sameOwner = (one: Owner, other: Owner): boolean =>
  one.session === other.session && one.generation === other.generation;

/** Every owner with the pids that carry its marks. */
export const byOwner = (owned: readonly OwnedProcess[]) => {
  const groups = Map.groupBy(owned, (one) => `${one.owner.generation} ${one.owner.session}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ owner: first.owner, pids: group.map((one) => one.pid) }];
  });
};

/** `lstart` is five words: Thu Nov 20 10:00:00 2026. */
export const parseRow = (line: string): { stat: ProcessStat; rest: string } | null => {
  const found = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\S+ +\S+ +\S+ +\S+ +\S+)(.*)$/.exec(line);
  if (found === null || found[4]?.startsWith("Z")) return null;
  const [, pid, group, session, , started, rest] = found;
  return {
    stat: {
      pid: Number(pid),
      group: Number(group),
      // Some systems print the session as an address: the group stands in for it.
      session: Number(session) || Number(group),
      started: started ?? "",
    },
    rest: rest ?? "",
  };
};
