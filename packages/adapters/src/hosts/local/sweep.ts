/** Ends everything that an owner has here, in whatever process group or session. */
import { pause, adapterFailure, type Clock, type Owner, type Spare } from "@skein/sdk";
import { sameOwner, type OwnedProcess } from "../marks.ts";
import type { Processes } from "./processes.ts";

const firstPauseMs = 2;
const longestPauseMs = 50;
const patienceMs = 10_000;

/** No error when it is dead already; false then. */
export const send = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
};

const condemned = async (
  deps: SweepDeps,
  owner: Owner,
  spare: Spare | undefined,
): Promise<readonly OwnedProcess[]> => {
  const found = (await deps.processes.owned(deps.home)).filter(
    (one) => one.pid !== process.pid && sameOwner(one.owner, owner),
  );
  if (spare === undefined) return found;
  const kept = await Promise.all(
    found.map(async (one) => spare({ ...one, ageMs: await deps.processes.age(one) })),
  );
  return found.filter((_, at) => !kept[at]);
};

type SweepDeps = {
  readonly home: string;
  readonly clock: Clock;
  readonly processes: Processes;
};

/**
 * Kills and looks again until none is left: what is killed may have started something a moment before. Resolves with how
 * many there were. Rejects when some are still there after ten seconds (a process in the kernel's hands cannot be killed).
 */
export const sweepOwner = async (deps: SweepDeps, owner: Owner, spare?: Spare): Promise<number> => {
  const seen = new Set<string>();
  const until = deps.clock.monotonic() + patienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    const left = await condemned(deps, owner, spare);
    if (left.length === 0) return seen.size;
    for (const one of left) {
      seen.add(`${one.pid}/${one.started}`);
      send(one.pid, "SIGKILL");
    }
    if (deps.clock.monotonic() > until) throw unkillable(left);
    await pause(deps.clock, pauseMs);
  }
};

const unkillable = (left: readonly OwnedProcess[]) =>
  adapterFailure(`${left.length} processes of the agent could not be ended.`, {
    kind: "timeout",
    code: "backend_unavailable",
    remedy: `Look at them with: ps -o pid,stat,wchan,args -p ${left.map((one) => one.pid).join(",")}`,
    retryable: true,
  });
