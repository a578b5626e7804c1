/**
 * Waits for programs to end: looks when the bell rings. tmux does not always ring: tmux 3.3a with libutempter misses the SIGCHLD
 * of one program in three to ten that takes its terminal with it, rings no bell and leaves it unburied until any other child
 * of its own ends. So the processes that someone waits for are looked at, too.
 */
import { LOCAL_HOST } from "@skein/contract";
import type { Clock, Exit } from "@skein/sdk";
import { makeBell } from "./bell.ts";
import { listPanes, type Pane } from "./panes.ts";
import type { Tmux } from "./tmux.ts";

export type End = Pick<Exit, "exitCode" | "signal">;

export type Ends = {
  /** Resolves when the terminal's program is dead or the terminal surely gone; never on `unknown`. Rejects when the signal aborts. */
  wait(id: string, signal: AbortSignal): Promise<End>;
};

/** A lost ring costs at most this. */
const LOOK_MS = 30_000;
const UNKNOWN_MS = 1_000;
/** Between two looks at processes: far away each is a trip. */
const HERE_MS = 1_000;
const FAR_MS = 2_000;

/** tmux sees a program's terminal close some moments before it hears how the program ended. */
const SETTLE_MS = 50;
const SETTLE_LOOKS = 40;

/** tmux has a child end, and then sees to all of its children that have. */
const POKE = ["run-shell", "-b", ":"] as const;

type Waiter = { readonly id: string; readonly done: (end: End) => void; looks: number };

/** `isOver`: its process has ended, whatever tmux says. */
const endOf = (pane: Pane | undefined, isOver: boolean, waiter: Waiter): End | "soon" | null => {
  if (pane === undefined) return { exitCode: null, signal: null };
  if (!pane.dead && !isOver) return null;
  const { exitCode, signal } = pane;
  const told = exitCode !== null || signal !== null;
  return told || (waiter.looks += 1) > SETTLE_LOOKS ? { exitCode, signal } : "soon";
};

/** `wake`: whoever waits is another. `came`: somebody does. */
const waitIn = (
  waiters: Set<Waiter>,
  wake: () => void,
  came: () => void,
  id: string,
  signal: AbortSignal,
): Promise<End> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const leave = (): void => {
      waiters.delete(waiter);
      signal.removeEventListener("abort", left);
      wake();
    };
    const left = (): void => {
      leave();
      reject(signal.reason as Error);
    };
    const waiter: Waiter = {
      id,
      looks: 0,
      done: (end) => {
        leave();
        resolve(end);
      },
    };
    signal.addEventListener("abort", left, { once: true });
    waiters.add(waiter);
    // One who comes while all sleep may wait for what has ended already.
    wake();
    came();
  });

export const makeEnds = (tmux: Tmux, clock: Clock): Ends => {
  const waiters = new Set<Waiter>();
  const bell = makeBell(tmux, clock);
  const { host } = tmux;
  const paceMs = host.id === LOCAL_HOST ? HERE_MS : FAR_MS;
  let running = false;
  /** Of those that someone waits for and tmux calls alive. */
  let pids: readonly number[] = [];
  let over: ReadonlySet<number> = new Set();

  /** Resolves with when to look again. */
  const look = async (): Promise<number> => {
    const asked = [...waiters];
    const found = await listPanes(tmux);
    if ("is" in found) return UNKNOWN_MS;
    const panes = new Map(found.panes.map((pane) => [pane.id, pane]));
    let next = LOOK_MS;
    for (const waiter of asked) {
      const pane = panes.get(waiter.id);
      const end = endOf(pane, pane !== undefined && over.has(pane.pid), waiter);
      if (end === "soon") next = SETTLE_MS;
      else if (end !== null) waiter.done(end);
    }
    if (next === SETTLE_MS) await tmux.run(POKE);
    const waited = new Set([...waiters].map(({ id }) => id));
    pids = found.panes.flatMap(({ id, pid, dead }) => (waited.has(id) && !dead ? [pid] : []));
    return next;
  };

  /** Until a whole look is due: `ms` are over, the bell rings, or a process has ended that tmux calls alive, or nobody can say that. */
  const rest = async (ms: number): Promise<void> => {
    const until = clock.monotonic() + ms;
    for (let left = ms; left > 0 && waiters.size > 0; left = until - clock.monotonic()) {
      if (await bell.next(Math.min(left, paceMs))) return;
      if (pids.length === 0 || clock.monotonic() >= until) continue;
      const found = await host.ended(pids).catch(() => null);
      if (found === null) return;
      over = found;
      if (over.size > 0) return;
    }
  };

  const loop = async (): Promise<void> => {
    if (running) return;
    running = true;
    while (waiters.size > 0) {
      const ms = await look();
      if (waiters.size > 0) await rest(ms);
    }
    running = false;
    bell.rest();
  };

  return { wait: (id, signal) => waitIn(waiters, bell.wake, () => void loop(), id, signal) };
};
