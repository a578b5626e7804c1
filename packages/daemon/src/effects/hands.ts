/** The agents that this daemon has in hand, one for each living generation. */
import type { AgentDriver, BackendContext, Clock } from "@skein/sdk";
import { makeAgent, type Agent } from "./agent.ts";
import type { EffectsPort, SessionBrief } from "./ports.ts";

export type Hands = {
  /**
   * The agent of a generation, taken in hand when it is not; null when that generation is over. Exactly one for each
   * generation, whoever asks at the same time. Rejects when the session cannot be read, and once all were released.
   */
  agent(session: string, generation: number): Promise<Agent | null>;
  /** Lets go of one that could not be reached; asked for again, it is taken anew from where its words were last recorded. */
  drop(agent: Agent): Promise<void>;
  all(): readonly Agent[];
  /** Lets go of all; harms none. */
  release(): Promise<void>;
  released(): boolean;
};

export type HandsDeps = {
  readonly port: EffectsPort;
  readonly driver: (backend: string) => AgentDriver | undefined;
  /** What a session of that driver finds on its host. Rejects when there is no such host, or it does not answer. */
  readonly backend: (driver: AgentDriver, brief: SessionBrief) => Promise<BackendContext>;
  readonly clock: Clock;
  /** A generation's own folder on the session's host. */
  readonly generationDir: (host: string, session: string, generation: number) => string;
  readonly remove: (host: string, dir: string) => Promise<void>;
  readonly log: BackendContext["log"];
};

const key = (session: string, generation: number): string => `${session} ${generation}`;

const gone = () => new Error("the daemon leaves");

/** Nothing of a generation whose end is recorded stays behind. Never rejects. */
const letGo = async (deps: HandsDeps, agent: Agent): Promise<void> => {
  const dir = deps.generationDir(agent.host, agent.session, agent.generation);
  try {
    await agent.starting;
    // Its own words on that are refused: that end is recorded already.
    if (agent.doubtful)
      await agent.link.stop({ force: true }).catch((error: unknown) =>
        deps.log("info", "what was left of an agent was ended", {
          session: agent.session,
          error: String(error),
        }),
      );
    await agent.link.detach();
    await deps.remove(agent.host, dir);
  } catch (error) {
    deps.log("warn", "a spool folder could not be removed", { dir, error: String(error) });
  }
};

export const makeHands = (deps: HandsDeps): Hands => {
  const { port } = deps;
  const agents = new Map<string, Agent>();
  const underWay = new Map<string, Promise<Agent | null>>();
  let released = false;

  const forget = (agent: Agent): void => {
    const id = key(agent.session, agent.generation);
    if (agents.get(id) === agent) agents.delete(id);
  };

  const ended = (agent: Agent): void => {
    forget(agent);
    void letGo(deps, agent);
  };

  const take = async (session: string, generation: number): Promise<Agent | null> => {
    const brief = await port.brief(session);
    if (brief === null || brief.generation !== generation || brief.process === "none") return null;
    const driver = deps.driver(brief.backend);
    if (driver === undefined) {
      deps.log("error", "there is no driver for a session", { session, backend: brief.backend });
      return null;
    }
    const backend = await deps.backend(driver, brief);
    const checkpoint = await port.checkpoint(session, generation);
    if (released) throw gone();
    const dir = deps.generationDir(brief.host, session, generation);
    const { clock } = deps;
    const agent = makeAgent({ port, driver, backend, clock, brief, checkpoint, dir, ended });
    agents.set(key(session, generation), agent);
    return agent;
  };

  return {
    agent: async (session, generation) => {
      if (released) throw gone();
      const id = key(session, generation);
      const known = agents.get(id) ?? underWay.get(id);
      if (known !== undefined) return known;
      const taken = take(session, generation).finally(() => underWay.delete(id));
      underWay.set(id, taken);
      return taken;
    },
    drop: async (agent) => {
      forget(agent);
      await agent.link.detach();
    },
    all: () => [...agents.values()],
    release: async () => {
      released = true;
      await Promise.allSettled([...agents.values()].map((agent) => agent.link.detach()));
      agents.clear();
    },
    released: () => released,
  };
};
