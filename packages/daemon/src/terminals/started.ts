/** When a process of a terminal started, as its kernel says: so that it cannot be mistaken for a later one. */
import type { Host, ProcessRef } from "@skein/sdk";

const CALL_MS = 4_000;
const PATH = "/usr/bin:/bin";

const said = async (host: Host, argv: readonly [string, ...string[]]): Promise<string | null> => {
  const result = await host.run(argv, { env: { PATH }, timeoutMs: CALL_MS });
  return result.exitCode === 0 && result.stdout.trim() !== "" ? result.stdout.trim() : null;
};

/** Field 22 of proc_pid_stat(5), counted behind the command, which may hold anything. */
const fromProc = async (host: Host, pid: number): Promise<string | null> => {
  const text = await said(host, ["cat", `/proc/${pid}/stat`]);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
};

const fromPs = (host: Host, pid: number): Promise<string | null> =>
  said(host, ["ps", "-o", "lstart=", "-p", String(pid)]);

/** null: it has ended meanwhile, or the host did not say. */
export const makeStarted =
  (host: Host): ((pid: number) => Promise<ProcessRef | null>) =>
  async (pid) => {
    try {
      const started = (await fromProc(host, pid)) ?? (await fromPs(host, pid));
      return started === null ? null : { pid, started };
    } catch {
      return null;
    }
  };
