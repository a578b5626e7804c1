/**
 * The same knowledge from `ps`, for systems without /proc (macOS, the BSDs). It tells less: start times to the second,
 * environments only of one's own processes and with spaces that separate nothing, and no standard input.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ownerInRow, parseRow, type OwnedProcess, type ProcessStat } from "../marks.ts";
import { untold } from "../refusals.ts";
import type { Processes } from "./processes.ts";

const execute = promisify(execFile);
const columns = "pid=,pgid=,sess=,stat=,lstart=";

const list = async (args: readonly string[]): Promise<readonly string[]> => {
  const { stdout } = await execute("ps", [...args], { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { readonly code?: unknown; readonly stdout?: string }) => {
      // It ends with 1 when nothing matches; that is an answer, not a failure.
      if (error.code === 1) return { stdout: error.stdout ?? "" };
      throw untold(error);
    },
  );
  return stdout.split("\n").filter((line) => line.trim() !== "");
};

const stat = async (pid: number): Promise<ProcessStat | null> => {
  const [line] = await list(["-o", columns, "-p", String(pid)]);
  return line === undefined ? null : (parseRow(line)?.stat ?? null);
};

export const makePsProcesses = (): Processes => ({
  stat,
  statNow: stat,
  stdin: () => null,
  age: async (stat) => Date.now() - Date.parse(stat.started),
  owned: async (home) => {
    const rows = await list(["-axwwE", "-o", `${columns},command=`]);
    return rows.flatMap((line): readonly OwnedProcess[] => {
      const row = parseRow(line);
      if (row === null || !row.rest.includes(` SKEIN_HOME=${home} `)) return [];
      const owner = ownerInRow(row.rest);
      return owner === null ? [] : [{ ...row.stat, owner }];
    });
  },
});
