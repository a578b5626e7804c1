/** Whether the processes of terminals are there, as their host's kernel says: one command for all of them. */
import { LOCAL_HOST } from "@skein/contract";
import type { Host } from "@skein/sdk";

export type Processes = {
  /** How often it may be asked: a host that is far away less often. */
  readonly paceMs: number;
  /** Those that are gone, or dead and not buried. null: the host did not say. Never rejects. */
  ended(pids: readonly number[]): Promise<ReadonlySet<number> | null>;
};

const HERE_MS = 1_000;
const FAR_MS = 2_000;
const CALL_MS = 4_000;
const PATH = "/usr/bin:/bin";

const LINE = /^\s*(\d+)\s+(\S)/;

export const makeProcesses = (host: Host): Processes => ({
  paceMs: host.id === LOCAL_HOST ? HERE_MS : FAR_MS,
  ended: async (pids) => {
    const argv = ["ps", "-o", "pid=", "-o", "stat=", "-p", pids.join(",")] as const;
    const found = await host.run(argv, { env: { PATH }, timeoutMs: CALL_MS }).catch(() => null);
    if (found === null || found.timedOut) return null;
    const { exitCode, stdout, stderr } = found;
    // 1 and not a word: none of them is there. A ps that knows no such options has words for it.
    if (exitCode !== 0 && (exitCode !== 1 || stderr !== "" || stdout !== "")) return null;
    const ended = new Set(pids);
    for (const line of stdout.split("\n")) {
      const [, pid, state] = LINE.exec(line) ?? [];
      if (pid !== undefined && state !== "Z" && state !== "X") ended.delete(Number(pid));
    }
    return ended;
  },
});
