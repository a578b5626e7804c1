/**
 * The same knowledge from `ps`, for systems without /proc (macOS, the BSDs). It tells less: start times to the second,
 * environments only of one's own processes and with spaces that separate nothing, and no standard input.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SYSTEM_PATH } from "@skein/sdk";
import { ownerInRow, parseRow, type OwnedProcess, type ProcessStat } from "../marks.ts";
import { untold } from "../refusals.ts";
import type { Processes } from "./processes.ts";

const execute = promisify(execFile);
const columns = "pid=,pgid=,sess=,stat=,lstart=";

/** A process is known by when it was started: that is told alike wherever the machine is, and whatever it speaks. */
const env = { PATH: SYSTEM_PATH, LC_ALL: "C", TZ: "UTC" };
const options = { env, timeout: 10_000, maxBuffer: 64 * 1024 * 1024 };

type Failed = { readonly code?: unknown; readonly stdout?: string; readonly stderr?: string };

const list = async (args: readonly string[]): Promise<readonly string[]> => {
  const { stdout } = await execute("ps", [...args], options).catch((error: Failed) => {
    // 1 and not a word: nothing matches.
    if (error.code === 1 && error.stdout === "" && error.stderr === "") return { stdout: "" };
    throw untold(error);
  });
  return stdout.split("\n").filter((line) => line.trim() !== "");
};

const stats = async (pids: readonly number[]): Promise<readonly ProcessStat[]> => {
  const lines = await list(["-o", columns, "-p", pids.join(",")]);
  return lines.flatMap((line) => parseRow(line)?.stat ?? []);
};

const stat = async (pid: number): Promise<ProcessStat | null> => (await stats([pid]))[0] ?? null;

export const makePsProcesses = (): Processes => ({
  stat,
  statNow: stat,
  alive: async (pids) => (await stats(pids)).map((one) => one.pid),
  stdin: () => null,
  age: async ({ started }) => Date.now() - Date.parse(`${started} UTC`),
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
