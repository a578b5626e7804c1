/**
 * Executes what decisions want done, after they are recorded: lease, act, settle.
 *
 * Order: the effects of one session run one after another; a stop overtakes what is stuck before it. A lease is on the disk
 * before the deed, so that the next daemon knows what may have happened: replay-safe effects run again, process-bound ones
 * only while their process lives.
 */
import { isAdapterFailure, type Fact } from "@skein/sdk";
import type { Effect, Failpoint } from "../engine/ports.ts";
import type { Agent } from "./agent.ts";
import { execute } from "./execute.ts";
import { makeHands, type Hands, type HandsDeps } from "./hands.ts";
import type { WaitingEffect } from "./ports.ts";
import { makeQueues } from "./queues.ts";

export type Effects = {
  /** Takes effects that have been recorded. Never throws, never waits. */
  offer(effects: readonly Effect[]): void;
  /**
   * The daemon is back: takes hold of the agents that live, tells of those that died, runs what was not finished. What
   * comes for a session meanwhile waits until its agent is in hand. Resolves when every session has been looked at.
   */
  restore(sessions: readonly string[], waiting: readonly WaitingEffect[]): Promise<void>;
  /** Lets time decide for every agent in hand. */
  tick(): void;
  /** Lets go of every agent; harms none. */
  close(): Promise<void>;
};

export type EffectsDeps = HandsDeps & {
  readonly sessionDir: (session: string) => string;
  readonly failpoint: Failpoint;
};

type Works = EffectsDeps & { readonly hands: Hands };

/** What a deed that failed means for the session: nothing that was asked for just vanishes. */
const consequence = (effect: Effect, message: string, remedy: string): Fact | null => {
  if (effect.kind === "agent.start")
    return { fact: "start-failed", code: "backend_unavailable", message, remedy };
  if (effect.kind !== "agent.prompt") return null;
  const error = { kind: "agent" as const, message, remedy };
  return { fact: "turn-ended", turn: effect.turn, outcome: "failed", error, usage: null };
};

const failed = async (
  { port, log }: Works,
  effect: Effect,
  agent: Agent,
  error: unknown,
): Promise<void> => {
  const expected = isAdapterFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  log(expected ? "warn" : "error", "an effect failed", {
    effect: effect.kind,
    session: effect.session,
    error: !expected && error instanceof Error ? error.stack : message,
  });
  if (effect.kind === "agent.steer") return port.requeue(effect.session, effect);
  // A process that is gone tells of its end itself, and with that what becomes of the prompt.
  if (agent.over || (expected && error.failure.kind === "unavailable")) return;
  const remedy = expected ? error.failure.remedy : "Look into the log with `skein doctor`.";
  const fact = consequence(effect, message, remedy);
  if (fact !== null) await agent.report({ facts: [fact] });
};

const act = async (works: Works, effect: Effect): Promise<void> => {
  const { port, hands, log, failpoint, remove, sessionDir } = works;
  if (effect.kind === "agent.remove") return remove(sessionDir(effect.session));
  const agent = await hands.agent(effect.session, effect.generation);
  if (agent === null) {
    log("info", "an effect was retired: its process is gone", {
      effect: effect.kind,
      session: effect.session,
    });
    if (effect.kind === "agent.steer") await port.requeue(effect.session, effect);
    return;
  }
  if (effect.kind === "agent.answer") failpoint("approval.answer", "before");
  await execute(agent.link, effect).catch((error: unknown) => failed(works, effect, agent, error));
  if (effect.kind === "agent.answer") failpoint("approval.answer", "after");
};

const run = async (works: Works, effect: Effect, leased: boolean): Promise<void> => {
  const { port, failpoint } = works;
  if (!leased) {
    failpoint("effect.lease", "before");
    await port.note({ leases: [effect.id] });
    failpoint("effect.lease", "after");
  }
  await act(works, effect);
  failpoint("effect.settle", "before");
  await port.note({ settled: [effect.id] });
  failpoint("effect.settle", "after");
};

const generationKey = ({ session, generation }: { session: string; generation: number }): string =>
  `${session} ${generation}`;

/** An agent whose start is still to be executed is adopted by that start. */
const attach = async (
  { port, hands, log }: Works,
  session: string,
  starts: ReadonlySet<string>,
): Promise<void> => {
  try {
    const brief = await port.brief(session);
    if (brief === null || brief.process === "none") return;
    if (starts.has(generationKey({ session, generation: brief.generation }))) return;
    const agent = await hands.take(brief);
    const liveness = await agent.link.attach();
    log("info", "an agent was found again", { session, liveness });
  } catch (error) {
    log("error", "an agent could not be looked after", { session, error: String(error) });
  }
};

export const makeEffects = (deps: EffectsDeps): Effects => {
  const works: Works = { ...deps, hands: makeHands(deps) };
  const queues = makeQueues();
  let closing = false;

  /** What could not be settled stays recorded: the next daemon finds it and does it again. */
  const perform = async (effect: Effect, leased: boolean): Promise<void> => {
    if (closing) return;
    await run(works, effect, leased).catch((error: unknown) => {
      if (!closing)
        deps.log("error", "an effect could not be settled", {
          effect: effect.kind,
          session: effect.session,
          error: String(error),
        });
    });
  };

  const enqueue = (effect: Effect, leased: boolean): void => {
    const overtakes = effect.kind === "agent.stop";
    void queues[overtakes ? "overtake" : "after"](effect.session, () => perform(effect, leased));
  };

  return {
    offer: (effects) => {
      for (const effect of effects) enqueue(effect, false);
    },
    restore: async (sessions, waiting) => {
      const starts = new Set(
        waiting
          .filter((one) => one.effect.kind === "agent.start")
          .map((one) => generationKey(one.effect)),
      );
      const attached = sessions.map((session) =>
        queues.after(session, () => attach(works, session, starts)),
      );
      for (const { effect, leased } of waiting) enqueue(effect, leased);
      await Promise.all(attached);
    },
    tick: () => {
      for (const agent of works.hands.all()) {
        const heardAt = agent.heardAt === null ? null : new Date(agent.heardAt).toISOString();
        deps.port
          .tick(agent.session, heardAt)
          .catch((error: unknown) =>
            deps.log("debug", "a tick was refused", { error: String(error) }),
          );
      }
    },
    close: async () => {
      closing = true;
      await works.hands.release();
    },
  };
};
