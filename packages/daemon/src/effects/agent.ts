/**
 * One generation of one session's agent, as the effects see it: the driver's link, what was heard of it, and how its
 * facts reach the record.
 */
import {
  isStale,
  type AgentDriver,
  type AgentLink,
  type BackendContext,
  type Clock,
  type Fact,
  type Report,
  type SessionContext,
} from "@skein/sdk";
import { untilTaken } from "./passing.ts";
import type { EffectsPort, SessionBrief } from "./ports.ts";

export type Agent = {
  readonly session: string;
  readonly host: string;
  readonly generation: number;
  readonly link: AgentLink;
  /** Its conversation ends with its process. */
  readonly fleeting: boolean;
  /** Records the effects' own facts, as the driver does: rejects when the generation is over. */
  report(report: Report): Promise<void>;
  /** Milliseconds of the clock when it last said anything; null: never. */
  heardAt: number | null;
  /** It was started, or found again: what is handed to its link reaches the process, if there is one. */
  reached: boolean;
  /** Its start, while that is under way; never rejects. */
  starting: Promise<void> | null;
  /** It was told to stop: a start that comes after that is none. */
  stopping: boolean;
  /** It was told to stop while its start was under way: that start may still bring something about. */
  overtaken: boolean;
  /** No more facts will come of it. */
  over: boolean;
  /** Its end was recorded, but something of it may still run, or be about to. */
  doubtful: boolean;
};

const ends = (fact: Fact): boolean => fact.fact === "exited" || fact.fact === "start-failed";

type AgentDeps = {
  readonly port: EffectsPort;
  readonly driver: AgentDriver;
  readonly backend: BackendContext;
  readonly clock: Clock;
  readonly brief: SessionBrief;
  readonly checkpoint: unknown;
  readonly dir: string;
  /** Called once when the last fact of this generation is recorded, or when it turns out that it had been. */
  readonly ended: (agent: Agent) => void;
};

/** What an agent said is not lost for want of disk space: it waits in its spool until it can be recorded. */
const record = ({ port, backend, clock, brief }: AgentDeps, report: Report): Promise<void> =>
  untilTaken(
    clock,
    (reason) => backend.log("warn", "the agent's words wait", { session: brief.id, reason }),
    () => port.observe(brief.id, brief.backend, brief.generation, report),
  );

/**
 * Records, and ends the agent with its last fact. Whoever is told that the generation is over already may not know how to
 * let go: what it started is ended for it.
 */
const tell = async (
  deps: AgentDeps,
  agent: Agent,
  report: Report,
  doubtful: (last: Fact) => boolean,
): Promise<void> => {
  const end = (inDoubt: boolean): void => {
    if (agent.over) return;
    agent.over = true;
    agent.doubtful = inDoubt;
    deps.ended(agent);
  };
  try {
    await record(deps, report);
  } catch (error) {
    if (isStale(error)) end(true);
    throw error;
  }
  const last = report.facts.find(ends);
  if (last !== undefined) end(doubtful(last));
};

const contextOf = (deps: AgentDeps, self: () => Agent): SessionContext => {
  const { port, brief, clock, backend } = deps;
  const { id } = brief;
  return {
    session: brief,
    generation: brief.generation,
    how: brief.how,
    turn: brief.turn,
    checkpoint: deps.checkpoint,
    dir: deps.dir,
    backend,
    report: (report) => {
      const agent = self();
      agent.heardAt = clock.now();
      // An end that overtook the start says nothing of what that start still brings about.
      const early = (last: Fact): boolean =>
        last.fact === "exited" && (agent.overtaken || agent.starting !== null);
      return tell(deps, agent, report, early);
    },
    live: (delta) => {
      self().heardAt = clock.now();
      port.live({ session: id, ...delta });
    },
    log: (level, message, fields) =>
      backend.log(level, message, { session: id, generation: brief.generation, ...fields }),
  };
};

export const makeAgent = (deps: AgentDeps): Agent => {
  const { brief, driver } = deps;
  const agent: Agent = {
    session: brief.id,
    host: brief.host,
    generation: brief.generation,
    fleeting: !driver.capabilities.resume,
    heardAt: null,
    reached: false,
    starting: null,
    stopping: false,
    overtaken: false,
    over: false,
    doubtful: false,
    report: (report) => tell(deps, agent, report, () => true),
    link: driver.open(contextOf(deps, () => agent)),
  };
  return agent;
};
