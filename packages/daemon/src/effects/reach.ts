/** From the name of a generation to an agent that hears: what cannot be looked at or reached now is tried again later. */
import type { Agent } from "./agent.ts";
import type { Hands, HandsDeps } from "./hands.ts";
import { pause } from "./passing.ts";

export type ReachDeps = Pick<HandsDeps, "clock" | "log"> & { readonly hands: Hands };

type Generation = { readonly session: string; readonly generation: number };

/** Between two attempts. */
const AGAIN_MS = 5_000;

/** null: that generation is over. Waits while it cannot be told; rejects when the daemon leaves. */
export const find = async (
  { hands, clock, log }: ReachDeps,
  { session, generation }: Generation,
): Promise<Agent | null> => {
  for (;;) {
    try {
      return await hands.agent(session, generation);
    } catch (error) {
      if (hands.released()) throw error;
      log("warn", "an agent could not be taken in hand", { session, error: String(error) });
      await pause(clock, AGAIN_MS);
    }
  }
};

/** One attempt to adopt it; false: try again, with a link of its own. */
export const adopt = async ({ hands, log }: ReachDeps, agent: Agent): Promise<boolean> => {
  const { session, link } = agent;
  try {
    const liveness = await link.attach();
    log("info", "an agent was looked for", { session, liveness });
    agent.reached = liveness !== "unknown";
  } catch (error) {
    log("error", "an agent could not be looked after", { session, error: String(error) });
  }
  if (agent.reached || agent.over || hands.released()) return true;
  await hands
    .drop(agent)
    .catch((error: unknown) =>
      log("warn", "an agent could not be let go", { session, error: String(error) }),
    );
  return false;
};

/**
 * Like `find`, with a link that has its process: a link that was never attached would take words and pass them to nobody.
 * Waits as long as the agent is out of reach: what is out of reach is not dead.
 */
export const reach = async (deps: ReachDeps, of: Generation): Promise<Agent | null> => {
  for (;;) {
    const agent = await find(deps, of);
    if (agent === null || agent.reached) return agent;
    if (await adopt(deps, agent)) return agent;
    await pause(deps.clock, AGAIN_MS);
  }
};

/** After an attempt that failed. */
export const reachLater = async (deps: ReachDeps, of: Generation): Promise<Agent | null> => {
  await pause(deps.clock, AGAIN_MS);
  return reach(deps, of);
};
