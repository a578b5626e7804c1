/**
 * Executes what decisions want done, after they are recorded: lease, act, settle.
 *
 * Order: the effects of one session run one after another; a stop overtakes what is stuck before it. Different sessions do
 * not wait for each other. A lease is on the disk before the deed, so that the next daemon knows what may have happened:
 * replay-safe effects run again, process-bound ones only while their process lives.
 */
import { isAdapterFailure, type AgentDriver, type BackendContext, type Clock } from "@skein/sdk";
import { type Effect, type Failpoint } from "../engine/ports.ts";
import { makeAgent, type Agent } from "./agent.ts";
import { execute } from "./execute.ts";
import type { EffectsPort, SessionBrief, WaitingEffect } from "./ports.ts";

export type Effects = {
  /** Takes effects that have been recorded. Never throws, never waits. */
  offer(effects: readonly Effect[]): void;
  /**
   * The daemon is back: takes hold of the agents that live, tells of those that died, runs what was not finished.
   * Resolves when every session has been looked at; agents may still be catching up.
   */
  restore(sessions: readonly string[], waiting: readonly WaitingEffect[]): Promise<void>;
  /** Lets time decide for every agent in hand. */
  tick(): void;
  /** Lets go of every agent; harms none. */
  close(): Promise<void>;
};

export type EffectsDeps = {
  readonly port: EffectsPort;
  readonly driver: (backend: string) => AgentDriver | undefined;
  readonly backend: (driver: AgentDriver) => Promise<BackendContext>;
  readonly clock: Clock;
  /** The folder of a session's spools, and of one generation in it. */
  readonly dirs: {
    session(id: string): string;
    generation(id: string, generation: number): string;
  };
  readonly remove: (dir: string) => Promise<void>;
  readonly failpoint: Failpoint;
  readonly log: (
    level: "debug" | "info" | "warn" | "error",
    message: string,
    fields?: Record<string, unknown>,
  ) => void;
};

const key = (session: string, generation: number): string => `${session} ${generation}`;

export const makeEffects = (deps: EffectsDeps): Effects => {
  const { port, log } = deps;
  const agents = new Map<string, Agent>();
  const queues = new Map<string, Promise<void>>();
  let closing = false;

  const ended = (agent: Agent): void => {
    agents.delete(key(agent.session, agent.generation));
    const dir = deps.dirs.generation(agent.session, agent.generation);
    void agent.link
      .detach()
      .then(() => deps.remove(dir))
      .catch((error: unknown) =>
        log("warn", "a spool folder could not be removed", { dir, error: String(error) }),
      );
  };

  const open = async (brief: SessionBrief): Promise<Agent> => {
    const driver = deps.driver(brief.backend);
    if (driver === undefined) throw new Error(`there is no driver for ${brief.backend}`);
    const backend = await deps.backend(driver);
    const checkpoint = await port.checkpoint(brief.id, brief.generation);
    const dir = deps.dirs.generation(brief.id, brief.generation);
    const agent = makeAgent({
      port,
      driver,
      backend,
      clock: deps.clock,
      brief,
      checkpoint,
      dir,
      ended,
    });
    agents.set(key(brief.id, brief.generation), agent);
    return agent;
  };

  /** The agent that an effect is for; null when its generation is over. */
  const agentFor = async (effect: Effect): Promise<Agent | null> => {
    const known = agents.get(key(effect.session, effect.generation));
    if (known !== undefined) return known;
    const brief = await port.brief(effect.session);
    if (brief === null || brief.generation !== effect.generation || brief.process === "none")
      return null;
    return open(brief);
  };

  const act = async (effect: Effect): Promise<void> => {
    if (effect.kind === "agent.remove") return deps.remove(deps.dirs.session(effect.session));
    const agent = await agentFor(effect);
    if (agent === null) {
      log("info", "an effect was retired: its process is gone", {
        effect: effect.kind,
        session: effect.session,
      });
      return;
    }
    if (effect.kind === "agent.answer") deps.failpoint("approval.answer", "before");
    await execute(agent.link, effect);
    if (effect.kind === "agent.answer") deps.failpoint("approval.answer", "after");
  };

  const failed = async (effect: Effect, error: unknown): Promise<void> => {
    const expected = isAdapterFailure(error);
    log(expected ? "warn" : "error", "an effect failed", {
      effect: effect.kind,
      session: effect.session,
      error: error instanceof Error ? (expected ? error.message : error.stack) : String(error),
    });
    if (effect.kind === "agent.steer") await port.requeue(effect.session, effect);
  };

  const run = async (effect: Effect, leased: boolean): Promise<void> => {
    if (closing) return;
    try {
      if (!leased) {
        deps.failpoint("effect.lease", "before");
        await port.note({ leases: [effect.id] });
        deps.failpoint("effect.lease", "after");
      }
      await act(effect).catch((error: unknown) => failed(effect, error));
      deps.failpoint("effect.settle", "before");
      await port.note({ settled: [effect.id] });
      deps.failpoint("effect.settle", "after");
    } catch (error) {
      // Not settled: the next daemon finds it and does it again.
      if (!closing)
        log("error", "an effect could not be settled", {
          effect: effect.kind,
          session: effect.session,
          error: String(error),
        });
    }
  };

  /** What is enqueued for the session from now on waits for `work`. */
  const follow = (session: string, work: Promise<void>): Promise<void> => {
    queues.set(session, work);
    void work.finally(() => {
      if (queues.get(session) === work) queues.delete(session);
    });
    return work;
  };

  const enqueue = (effect: Effect, leased: boolean): Promise<void> => {
    const before = queues.get(effect.session) ?? Promise.resolve();
    // A stop must not wait behind a start that hangs; what follows waits for both.
    if (effect.kind === "agent.stop") {
      const both = Promise.all([before, run(effect, leased)]).then(() => undefined);
      return follow(effect.session, both);
    }
    return follow(
      effect.session,
      before.then(() => run(effect, leased)),
    );
  };

  /** An agent whose start is still to be executed is adopted by that start. */
  const attach = async (session: string, starts: ReadonlySet<string>): Promise<void> => {
    try {
      const brief = await port.brief(session);
      if (brief === null || brief.process === "none" || starts.has(key(session, brief.generation)))
        return;
      const agent = await open(brief);
      const liveness = await agent.link.attach();
      log("info", "an agent was found again", { session, liveness });
    } catch (error) {
      log("error", "an agent could not be looked after", { session, error: String(error) });
    }
  };

  return {
    offer: (effects) => {
      for (const effect of effects) void enqueue(effect, false);
    },
    restore: async (sessions, waiting) => {
      const starts = new Set(
        waiting
          .filter((one) => one.effect.kind === "agent.start")
          .map((one) => key(one.effect.session, one.effect.generation)),
      );
      // What comes for a session meanwhile waits until its agent is in hand.
      const attached = sessions.map((session) => follow(session, attach(session, starts)));
      for (const { effect, leased } of waiting) void enqueue(effect, leased);
      await Promise.all(attached);
    },
    tick: () => {
      for (const agent of agents.values()) {
        if (agent.over) continue;
        const heardAt = agent.heardAt === null ? null : new Date(agent.heardAt).toISOString();
        port
          .tick(agent.session, heardAt)
          .catch((error: unknown) => log("debug", "a tick was refused", { error: String(error) }));
      }
    },
    close: async () => {
      closing = true;
      await Promise.allSettled([...agents.values()].map((agent) => agent.link.detach()));
      agents.clear();
    },
  };
};
