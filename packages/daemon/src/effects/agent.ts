/**
 * One generation of one session's agent, as the effects see it: the driver's link, what was heard of it, and how its
 * facts reach the record.
 */
import { isRefusal } from "@skein/contract";
import type { AgentDriver, AgentLink, BackendContext, Clock, Fact, Report } from "@skein/sdk";
import type { EffectsPort, SessionBrief } from "./ports.ts";

export type Agent = {
  readonly session: string;
  readonly generation: number;
  readonly link: AgentLink;
  /** Records facts, as the driver does: rejects when the generation is over. */
  report(report: Report): Promise<void>;
  /** Milliseconds of the clock when it last said anything; null: never. */
  heardAt: number | null;
  /** No more facts will come of it. */
  over: boolean;
};

const RETRY_MS = 500;

const ends = (fact: Fact): boolean => fact.fact === "exited" || fact.fact === "start-failed";

export const makeAgent = (deps: {
  readonly port: EffectsPort;
  readonly driver: AgentDriver;
  readonly backend: BackendContext;
  readonly clock: Clock;
  readonly brief: SessionBrief;
  readonly checkpoint: unknown;
  readonly dir: string;
  /** Called once when the last fact of this generation is recorded. */
  readonly ended: (agent: Agent) => void;
}): Agent => {
  const { port, brief, clock, backend } = deps;
  const { id: session, generation } = brief;

  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));

  /** What an agent said is not lost for want of disk space: it waits in its spool until it can be recorded. */
  const record = async (report: Report): Promise<void> => {
    for (;;) {
      try {
        return await port.observe(
          session,
          brief.backend,
          generation,
          report.facts,
          report.checkpoint,
        );
      } catch (error) {
        if (!isRefusal(error) || error.problem.code !== "storage_full") throw error;
        backend.log("warn", "the disk is full: the agent's words wait", { session });
        await pause(RETRY_MS);
      }
    }
  };

  const agent: Agent = {
    session,
    generation,
    heardAt: null,
    over: false,
    report: async (report) => {
      await record(report);
      if (agent.over || !report.facts.some(ends)) return;
      agent.over = true;
      deps.ended(agent);
    },
    link: deps.driver.open({
      session: {
        id: session,
        name: brief.name,
        folder: brief.folder,
        model: brief.model,
        effort: brief.effort,
        permissions: brief.permissions,
        providerSessionId: brief.providerSessionId,
        forkFrom: brief.forkFrom,
      },
      generation,
      how: brief.how,
      turn: brief.turn,
      checkpoint: deps.checkpoint,
      dir: deps.dir,
      backend,
      report: (report) => {
        agent.heardAt = clock.now();
        return agent.report(report);
      },
      live: (delta) => {
        agent.heardAt = clock.now();
        port.live({ session, ...delta });
      },
      log: (level, message, fields) =>
        backend.log(level, message, { session, generation, ...fields }),
    }),
  };
  return agent;
};
