/** The handle on a process that outlives the daemon. */
import { join } from "node:path";
import {
  pause,
  type Clock,
  type Detached,
  type Exit,
  type Owner,
  type ProcessRef,
} from "@skein/sdk";
import { openFifo } from "./fifo.ts";
import type { Processes } from "./processes.ts";
import { send, sweepOwner } from "./sweep.ts";
import { readEnd, tail, type Ending } from "./tail.ts";

export type DetachedDeps = {
  readonly home: string;
  readonly clock: Clock;
  readonly processes: Processes;
};

/** So long after its death the end of a process is known, if anyone watches. */
const unwatchedMs = 2_000;

type Made = {
  readonly dir: string;
  readonly owner: Owner;
  readonly process: ProcessRef;
  readonly exited: Promise<Exit>;
  /** Looks whether it is dead, now. */
  readonly look: () => Promise<void>;
  /** Stops watching for its end. */
  readonly forget: () => void;
};

const makeEnding = (): Ending & { readonly begin: () => void } => {
  let over = false;
  const listeners = new Set<() => void>();
  return {
    done: () => over,
    listen(run) {
      if (over) run();
      else listeners.add(run);
      return () => listeners.delete(run);
    },
    begin() {
      over = true;
      for (const run of listeners) run();
      listeners.clear();
    },
  };
};

export const makeDetached = (deps: DetachedDeps, made: Made): Detached => {
  const { dir, owner, process, exited } = made;
  const dead = makeEnding();
  const closed = makeEnding();
  void exited.then(dead.begin);

  const isAlive = async (): Promise<boolean> => {
    if (dead.done()) return false;
    return (await deps.processes.stat(process.pid))?.started === process.started;
  };
  const fifo = openFifo(join(dir, "in"), {
    clock: deps.clock,
    // What is not known is not dead: it is tried.
    alive: () => isAlive().catch(() => true),
  });

  const terminate = async (graceMs: number): Promise<Exit> => {
    // Asked each time: a pid or a group that is gone may by now be someone else's.
    if (graceMs > 0 && (await isAlive())) {
      send(-process.pid, "SIGTERM");
      await Promise.race([exited, pause(deps.clock, graceMs)]);
    }
    if (await isAlive()) send(-process.pid, "SIGKILL");
    await sweepOwner(deps, owner);
    await made.look();
    // Of a handle that was let go before, nobody watches the end any more.
    const unwatched = { exitCode: null, signal: null, witnessed: false };
    return Promise.race([exited, pause(deps.clock, unwatchedMs).then(() => unwatched)]);
  };

  return {
    process,
    exited,
    write: (line) => fifo.write(line),
    lines: (from) => tail(join(dir, "out"), from, { dead, closed }, deps.clock),
    errors: (bytes) => readEnd(join(dir, "err"), bytes),
    liveness: () =>
      isAlive().then(
        (alive) => (alive ? "alive" : "dead"),
        () => "unknown",
      ),
    signal: async (name) => {
      if (await isAlive()) send(process.pid, name);
    },
    terminate,
    close: async () => {
      fifo.close();
      closed.begin();
      made.forget();
    },
  };
};
