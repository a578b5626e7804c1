/** Whether a host answers, and the way to it: kept up for as long as the daemon wants it. */
import { createHash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { AdapterFailure, Clock, Reach } from "@skein/sdk";
import { makeBackoff } from "./backoff.ts";
import type { SshDeps } from "./command.ts";
import { startMaster, type Master } from "./master.ts";
import { makeReachWatch } from "./reach.ts";
import { unreachable, unusable, type Called } from "./reasons.ts";
import { makeTrunks, type Place, type Wanted } from "./trunks.ts";

/** A socket's path: ours, and the 17 characters that ssh adds to it while it makes it. */
const CONTROL_BYTES = 80;

const times = { firstMs: 500, longestMs: 15_000, steadyMs: 30_000 };
/** Where a person must do something first: so seldom that no watchdog over there takes offence. */
const refusedMs = 120_000;

type LinkDeps = SshDeps & {
  readonly clock: Clock;
  readonly home: string;
  readonly run: string;
  readonly random: () => number;
};

export type Link = {
  reach(): Reach;
  onReach(changed: (reach: Reach) => void): () => void;
  /**
   * Room for one channel; waits for the first connection of all and for a free place, and rejects with `host_unreachable` while the
   * host is out of reach. Whoever took it gives it back.
   */
  take(wanted: Wanted): Promise<Place>;
  /** The connection that stands now, for what needs no channel; rejects as `take` does. */
  stands(): Promise<Pick<Place, "control" | "gone">>;
  /** Resolves when the host is reachable, or the signal aborts. */
  up(signal: AbortSignal): Promise<void>;
  /** Tries now, instead of at the next try; resolves with what came of it. */
  now(): Promise<Reach>;
  close(): Promise<void>;
};

export const controlPath = (run: string, name: string): string => {
  const path = join(run, `s${createHash("sha256").update(name).digest("hex").slice(0, 8)}`);
  if (Buffer.byteLength(path) + 3 > CONTROL_BYTES)
    throw new Error(`The folder ${run} has too long a path for a socket in it.`);
  return path;
};

/** What an earlier daemon left behind. */
const forgetSockets = (run: string, control: string): void => {
  for (const name of readdirSync(run))
    if (name.startsWith(`${basename(control)}.`)) rmSync(join(run, name), { force: true });
};

const noRoom = (called: Called): AdapterFailure =>
  unusable(
    called,
    "its ssh server allows one session for each connection",
    "Set MaxSessions to 10, or take it out, in the configuration of its ssh server.",
  );

/** Never the path of one before: that one takes its own away when it ends. */
const makeStart = (deps: LinkDeps, control: string) => {
  let count = 0;
  return (isFirst: boolean): Master => startMaster(deps, `${control}.${(count += 1)}`, isFirst);
};

/** Begins to connect at once. */
export const makeLink = (deps: LinkDeps): Link => {
  const { clock, name } = deps;
  const control = controlPath(deps.run, name);
  const backoff = makeBackoff(clock, deps.random, times);
  const watch = makeReachWatch(clock, `${name} has not answered yet.`);
  forgetSockets(deps.run, control);
  const start = makeStart(deps, control);
  const trunks = makeTrunks(
    () => start(false),
    () => noRoom(deps),
  );
  let isClosed = false;
  /** The try that runs: fulfilled in any case, when it is over. */
  let trying: Promise<void> | null = null;
  let cancel: () => void = () => undefined;
  let master: Master | null = null;

  const down = (why: AdapterFailure): void => {
    master = null;
    // Let go of, not lost: nobody is told of a host that is no longer held.
    if (isClosed) return;
    watch.lost(why.message, why.failure.remedy);
    const wait = backoff.next(why.failure.kind === "auth" ? refusedMs : times.longestMs);
    cancel = clock.after(wait, () => void attempt());
  };
  const connect = async (): Promise<void> => {
    cancel();
    let made: Master;
    try {
      made = master = start(true);
      await made.ready;
    } catch (error) {
      return down(error as AdapterFailure);
    }
    trunks.add(made);
    void made.gone.then((why) => {
      trunks.clear();
      down(why);
    });
    backoff.worked();
    watch.reached();
  };
  const attempt = (): Promise<void> => {
    trying ??= connect().finally(() => (trying = null));
    return trying;
  };
  const first = attempt();
  const known = async (): Promise<void> => {
    await first;
    const reach = watch.now();
    if (reach.state === "unreachable") throw unreachable(name, reach.reason, reach.remedy);
  };

  return {
    reach: watch.now,
    onReach: watch.onReach,
    up: watch.up,
    take: (wanted) => known().then(() => trunks.take(wanted)),
    stands: () => known().then(trunks.first),
    now: async () => {
      if (watch.now().state !== "reachable" && !isClosed) await attempt();
      return watch.now();
    },
    close: async () => {
      isClosed = true;
      cancel();
      const last = master?.gone;
      master?.close();
      trunks.clear();
      await last;
    },
  };
};
