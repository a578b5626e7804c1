/** The agents that this daemon has in hand, one for each living generation. */
import type { AgentDriver, BackendContext, Clock } from "@skein/sdk";
import { makeAgent, type Agent } from "./agent.ts";
import type { EffectsPort, SessionBrief } from "./ports.ts";

export type Hands = {
  /** The agent of a generation, taken in hand when it is not; null when that generation is over. */
  agent(session: string, generation: number): Promise<Agent | null>;
  take(brief: SessionBrief): Promise<Agent>;
  all(): readonly Agent[];
  /** Lets go of all; harms none. */
  release(): Promise<void>;
};

export type HandsDeps = {
  readonly port: EffectsPort;
  readonly driver: (backend: string) => AgentDriver | undefined;
  readonly backend: (driver: AgentDriver) => Promise<BackendContext>;
  readonly clock: Clock;
  readonly generationDir: (session: string, generation: number) => string;
  readonly remove: (dir: string) => Promise<void>;
  readonly log: BackendContext["log"];
};

const key = (session: string, generation: number): string => `${session} ${generation}`;

export const makeHands = (deps: HandsDeps): Hands => {
  const { port } = deps;
  const agents = new Map<string, Agent>();

  /** Its spool has been read to the end: nobody needs it any more. */
  const ended = (agent: Agent): void => {
    agents.delete(key(agent.session, agent.generation));
    const dir = deps.generationDir(agent.session, agent.generation);
    void agent.link
      .detach()
      .then(() => deps.remove(dir))
      .catch((error: unknown) =>
        deps.log("warn", "a spool folder could not be removed", { dir, error: String(error) }),
      );
  };

  const take = async (brief: SessionBrief): Promise<Agent> => {
    const driver = deps.driver(brief.backend);
    if (driver === undefined) throw new Error(`there is no driver for ${brief.backend}`);
    const backend = await deps.backend(driver);
    const checkpoint = await port.checkpoint(brief.id, brief.generation);
    const dir = deps.generationDir(brief.id, brief.generation);
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

  return {
    agent: async (session, generation) => {
      const known = agents.get(key(session, generation));
      if (known !== undefined) return known;
      const brief = await port.brief(session);
      if (brief === null || brief.generation !== generation || brief.process === "none")
        return null;
      return agents.get(key(session, generation)) ?? take(brief);
    },
    take,
    all: () => [...agents.values()],
    release: async () => {
      await Promise.allSettled([...agents.values()].map((agent) => agent.link.detach()));
      agents.clear();
    },
  };
};
