/**
 * Executes what decisions want done, after they are recorded: lease, act, settle.
 *
 * Order: the effects of one session run one after another; a stop overtakes what is stuck before it. A lease is on the disk
 * before the deed, so that the next daemon knows what may have happened: replay-safe effects run again, process-bound ones
 * only while their process lives.
 */
import { isRefusal } from "@skein/contract";
import { isAdapterFailure, isDiskFault, isHostAway, type Fact, type Reach } from "@skein/sdk";
import { CRASH_CLASS, type Effect, type Failpoint } from "../engine/ports.ts";
import type { Agent } from "./agent.ts";
import { makeAttention } from "./attention.ts";
import { makeAway, type Away } from "./away.ts";
import type { DiskRoom } from "../disk-room.ts";
import { makeDisks } from "./disks.ts";
import { makeAbsence } from "./absence.ts";
import { execute } from "./execute.ts";
import { makeHands, type Hands, type HandsDeps } from "./hands.ts";
import { untilTaken } from "./passing.ts";
import type { WaitingEffect } from "./ports.ts";
import { makeQueues } from "./queues.ts";
import { adopt, find, reach, reachLater, takeInHand } from "./reach.ts";

export type Effects = {
  /** Takes effects that have been recorded. Never throws, never waits. */
  offer(effects: readonly Effect[]): void;
  /**
   * The daemon is back: takes hold of the agents that live, tells of those that died, runs what was not finished. What
   * comes for a session meanwhile waits until its agent is in hand. Resolves when every session has been looked at.
   */
  restore(sessions: readonly string[], waiting: readonly WaitingEffect[]): Promise<void>;
  /** Lets time decide for every session that has, or should have, a process. */
  tick(): void;
  /**
   * A host went out of reach, or came back: said of every session that has a process there. One that no daemon has in hand
   * since is said to be back when it is. Never throws.
   */
  reached(host: string, reach: Reach): void;
  /** Lets go of every agent of a host that is forgotten, and hears no more of them; harms none. Never rejects. */
  forsake(host: string): Promise<void>;
  /** Lets go of every agent; harms none. */
  close(): Promise<void>;
};

export type EffectsDeps = HandsDeps & {
  /** All that a session keeps on its host. */
  readonly sessionDirs: (host: string, session: string) => readonly string[];
  /** Whether there is room on a host's disk for what its agents say. Never rejects. */
  readonly room: (host: string) => Promise<DiskRoom>;
  readonly failpoint: Failpoint;
};

type Works = EffectsDeps & { readonly hands: Hands; readonly away: Away };

/** What a deed that failed means for the session: nothing that was asked for just vanishes. */
const consequence = (effect: Effect, message: string, remedy: string): Fact | null => {
  if (effect.kind === "agent.start")
    return { fact: "start-failed", code: "backend_unavailable", message, remedy };
  if (effect.kind !== "agent.prompt") return null;
  const error = { kind: "agent" as const, message, remedy };
  return { fact: "turn-ended", turn: effect.turn, outcome: "failed", error, usage: null };
};

const remedyOf = (error: unknown): string => {
  if (isAdapterFailure(error)) return error.failure.remedy;
  return isRefusal(error) ? error.problem.remedy : "Look into the log with `skein doctor`.";
};

const failed = async (
  works: Works,
  effect: Effect,
  agent: Agent,
  error: unknown,
): Promise<void> => {
  const expected = isAdapterFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  works.log(expected ? "warn" : "error", "an effect failed", {
    effect: effect.kind,
    session: effect.session,
    error: !expected && error instanceof Error ? error.stack : message,
  });
  if (effect.kind === "agent.steer")
    return recorded(works, effect, () => works.port.requeue(effect.session, effect));
  // A process that is gone tells of its end itself, and with that what becomes of the prompt; one that never began cannot, nor one
  // that lives, and could not be given its prompt for want of room.
  const isLiving = effect.kind === "agent.start" || isDiskFault(error);
  const isGone = expected && error.failure.kind === "unavailable" && !isLiving;
  if (agent.over || isGone) return;
  const remedy = remedyOf(error);
  const fact = consequence(effect, message, remedy);
  if (fact !== null) await agent.report({ facts: [fact] });
};

/** Refusals that pass hold up the effects behind this one: their order stays. */
const recorded = (works: Works, effect: Effect, act: () => Promise<void>): Promise<void> => {
  const { kind, session } = effect;
  return untilTaken(
    works.clock,
    (reason) => works.log("warn", "an effect waits", { effect: kind, session, reason }),
    act,
  );
};

/** What the process's own end does not bring back to the queue is told to the log, and to nobody's next process. */
const retire = async (works: Works, effect: Effect, leased: boolean): Promise<void> => {
  const { kind, session, generation } = effect;
  const level = leased && CRASH_CLASS[kind] === "process-bound" ? "warn" : "info";
  works.log(level, "an effect was retired: its process is gone", {
    effect: kind,
    session,
    generation,
    begun: leased,
  });
  if (kind === "agent.steer")
    await recorded(works, effect, () => works.port.requeue(session, effect));
};

const perform = async (works: Works, agent: Agent, effect: Effect): Promise<void> => {
  if (effect.kind === "agent.start" && agent.stopping) return;
  if (effect.kind === "agent.stop") {
    agent.stopping = true;
    agent.overtaken ||= agent.starting !== null;
  }
  const deed = execute(agent.link, effect);
  if (effect.kind === "agent.start")
    agent.starting = deed
      .catch(() => {})
      .then(() => {
        agent.starting = null;
        agent.reached = true;
      });
  try {
    await deed;
  } catch (error) {
    // A deed that broke off because its daemon leaves has not failed.
    if (works.hands.released()) return;
    if (!isHostAway(error)) return failed(works, effect, agent, error);
    // What its link thinks of itself now may be wrong: a start that waits begins with another.
    if (effect.kind === "agent.start") await works.hands.drop(agent);
    throw error;
  }
};

/** What its generations left on its host. */
const remove = async (works: Works, session: string): Promise<void> => {
  const host = (await works.port.brief(session))?.host;
  if (host === undefined) return;
  for (const dir of works.sessionDirs(host, session)) await works.remove(host, dir);
};

/**
 * `process-bound`: done only to the life of the process that it was decided for, and only when that life is in reach.
 * `replay-safe`: a stop is also for what may be left of a process; a start adopts what runs already.
 */
const actOnce = async (works: Works, effect: Effect, leased: boolean): Promise<void> => {
  const { failpoint } = works;
  if (effect.kind === "agent.remove") return remove(works, effect.session);
  const isBound = CRASH_CLASS[effect.kind] === "process-bound";
  const agent = await (isBound ? reach(works, effect) : find(works, effect));
  if (works.hands.released()) return;
  if (agent === null || agent.over) return retire(works, effect, leased);
  if (effect.kind === "agent.answer") failpoint("approval.answer", "before");
  await perform(works, agent, effect);
  if (effect.kind === "agent.answer") failpoint("approval.answer", "after");
};

/** Between two attempts, where nobody says that the host is back. */
const AGAIN_MS = 5_000;

/** What is to be done where nobody answers waits, in its order, until someone does. */
const act = async (works: Works, effect: Effect, leased: boolean): Promise<void> => {
  const { log, hands, away } = works;
  for (;;) {
    try {
      return await actOnce(works, effect, leased);
    } catch (error) {
      if (!isHostAway(error) || hands.released()) throw error;
      const { kind, session } = effect;
      log("info", "an effect waits for its host", { effect: kind, session, error: String(error) });
      await away.pause(AGAIN_MS);
    }
  }
};

/** Once the daemon leaves nothing is settled any more: what was under way stays recorded as begun. */
const run = async (works: Works, effect: Effect, leased: boolean): Promise<void> => {
  const { port, failpoint, hands } = works;
  if (!leased) {
    failpoint("effect.lease", "before");
    await recorded(works, effect, () => port.note({ leases: [effect.id] }));
    failpoint("effect.lease", "after");
  }
  await act(works, effect, leased);
  if (hands.released()) return;
  failpoint("effect.settle", "before");
  await recorded(works, effect, () => port.note({ settled: [effect.id] }));
  failpoint("effect.settle", "after");
};

const generationKey = ({ session, generation }: { session: string; generation: number }): string =>
  `${session} ${generation}`;

/** An agent whose start is still to be executed is adopted by that start. What is not found at once is looked for until it is. */
const attach = async (
  works: Works,
  session: string,
  starts: ReadonlySet<string>,
  looked: () => void,
): Promise<void> => {
  const { port, log, hands } = works;
  try {
    const brief = await port.brief(session);
    if (brief === null || brief.process === "none") return;
    const { generation } = brief;
    if (starts.has(generationKey({ session, generation }))) return;
    const agent = await takeInHand(works, { session, generation });
    if (agent === null || (agent !== undefined && (await adopt(works, agent)))) return;
    looked();
    await reachLater(works, { session, generation });
  } catch (error) {
    if (!hands.released())
      log("error", "an agent could not be looked after", { session, error: String(error) });
  } finally {
    looked();
  }
};

const startsOf = (waiting: readonly WaitingEffect[]): ReadonlySet<string> =>
  new Set(
    waiting
      .filter((one) => one.effect.kind === "agent.start")
      .map((one) => generationKey(one.effect)),
  );

export const makeEffects = (deps: EffectsDeps): Effects => {
  const hands = makeHands(deps);
  const away = makeAway(deps.clock);
  const works: Works = { ...deps, hands, away };
  const disks = makeDisks({ ...deps, hands });
  const attention = makeAttention({ ...deps, hands, away, disks });
  const absence = makeAbsence({ ...deps, hands, away, attention });
  const queues = makeQueues();

  /** What could not be settled stays recorded: the next daemon finds it and does it again. */
  const attempt = async (effect: Effect, leased: boolean): Promise<void> => {
    if (hands.released()) return;
    await run(works, effect, leased).catch((error: unknown) => {
      if (!hands.released())
        deps.log("error", "an effect could not be settled", {
          effect: effect.kind,
          session: effect.session,
          error: String(error),
        });
    });
  };

  const enqueue = (effect: Effect, leased: boolean): void => {
    attention[effect.kind === "agent.start" ? "begin" : "keep"](effect.session);
    const overtakes = effect.kind === "agent.stop";
    void queues[overtakes ? "overtake" : "after"](effect.session, () => attempt(effect, leased));
  };

  return {
    offer: (effects) => {
      for (const effect of effects) enqueue(effect, false);
    },
    restore: async (sessions, waiting) => {
      const starts = startsOf(waiting);
      const attached = sessions.map((session) => {
        attention.begin(session);
        const { promise, resolve } = Promise.withResolvers<void>();
        void queues.after(session, () => attach(works, session, starts, resolve));
        return promise;
      });
      for (const { effect, leased } of waiting) enqueue(effect, leased);
      await Promise.all(attached);
    },
    tick: () => attention.tick(),
    reached: absence.reached,
    forsake: absence.forsake,
    close: () => hands.release(),
  };
};
