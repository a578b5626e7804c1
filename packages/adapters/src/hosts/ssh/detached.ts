/** The handle on a process over there that outlives the daemon. */
import { quote } from "@skein/contract";
import type { Detached, Exit, Owner, ProcessRef } from "@skein/sdk";
import type { Ask } from "./ask.ts";
import { APART, BORN, ENDED, UNSEEN } from "./far.ts";
import { spoolLines, type FollowDeps } from "./follow.ts";
import type { Guard } from "./guard.ts";
import { unseen, type FarProcesses } from "./processes.ts";
import { makeWriter } from "./writer.ts";

export type DetachedDeps = FollowDeps & {
  readonly ask: Ask;
  readonly guard: Guard;
  readonly processes: FarProcesses;
};

/** Nobody over there waits for it, so with what it ended is never known. */
const UNWITNESSED: Exit = { exitCode: null, signal: null, witnessed: false };

const same = ({ pid, started }: ProcessRef): string => `same ${pid} ${quote(started)}`;
const maybe = ({ pid, started }: ProcessRef): string => `maybe ${pid} ${quote(started)}`;

/** Goes on over there to its end even when the link is cut meanwhile. UNSEEN: it was not asked to end. */
const endScript = (process: ProcessRef, graceMs: number): string => {
  const { pid } = process;
  const rounds = Math.ceil(graceMs / 20);
  const ask = `kill -TERM -${pid} 2>/dev/null || kill -TERM ${pid} 2>/dev/null
r=0
while ${maybe(process)} && [ "$r" -lt ${rounds} ]; do r=$((r + 1)); sleep 0.02 2>/dev/null || { sleep 1; r=$((r + 50)); }; done`;
  return `${BORN}${APART}
trap '' HUP PIPE
${same(process)} || bye $?
${graceMs > 0 ? ask : ""}
${same(process)} && kill -KILL ${pid} 2>/dev/null
:`;
};

export const makeDetached = (
  deps: DetachedDeps,
  made: { readonly dir: string; readonly owner: Owner; readonly process: ProcessRef },
): Detached => {
  const { dir, owner, process } = made;
  const closed = new AbortController();
  const dead = new AbortController();
  const { promise: exited, resolve } = Promise.withResolvers<Exit>();
  const forget = deps.guard.watch(process, () => dead.abort());
  dead.signal.addEventListener("abort", () => resolve(UNWITNESSED), { once: true });
  const writer = makeWriter(deps, { dir, process });

  return {
    process,
    exited,
    write: (line) => writer.write(line),
    lines: (from) => spoolLines(deps, `${dir}/out`, from, dead.signal, closed.signal),
    errors: async (bytes) => {
      const { output } = await deps.ask(
        `tail -c ${bytes} -- ${quote(`${dir}/err`)} 2>/dev/null; :`,
      );
      return output.toString("utf8");
    },
    liveness: async () => {
      if (dead.signal.aborted) return "dead";
      const answer = await deps.ask(`${BORN}${same(process)}`).catch(() => null);
      if (answer?.code === 0) return "alive";
      return answer?.code === ENDED ? "dead" : "unknown";
    },
    signal: async (name) => {
      const short = name.replace("SIG", "");
      await deps.ask(`${BORN}${same(process)} && kill -${short} ${process.pid} 2>/dev/null\n:`);
    },
    terminate: async (graceMs) => {
      const options = { patienceMs: graceMs + 30_000 };
      const { code, errors } = await deps.ask(endScript(process, graceMs), options);
      if (code === UNSEEN) throw unseen(errors);
      await deps.processes.sweep(owner);
      // The sweep saw that nothing of it is left: that is the far side's word.
      forget();
      dead.abort();
      return UNWITNESSED;
    },
    close: async () => {
      writer.close();
      closed.abort();
      forget();
    },
  };
};
