/** From the name of a generation to an agent that hears: what cannot be looked at or reached now is tried again later. */
import type { Agent } from "./agent.ts";
import type { Hands, HandsDeps } from "./hands.ts";
import { isForgotten, tellOf, type Away } from "./away.ts";
import { isAdapterFailure, isHostAway } from "@skein/sdk";

type ReachDeps = Pick<HandsDeps, "clock" | "log" | "port"> & {
  readonly hands: Hands;
  readonly away: Away;
};

type Generation = { readonly session: string; readonly generation: number };

/** Between two attempts. */
const AGAIN_MS = 5_000;

/** What is said of a generation that cannot be taken in hand: its host is away for now, or for good. */
const explain = async (deps: ReachDeps, of: Generation, error: unknown): Promise<void> => {
  const { session } = of;
  const words = error instanceof Error ? error.message : String(error);
  if (isHostAway(error)) {
    // Each try comes here. Its host says by itself when the reason is another one, in words of its own.
    const known = await deps.port.brief(session).catch(() => null);
    if (known?.unreachable === true) return;
    return tellOf(deps, of, { fact: "unreachable", reason: words });
  }
  if (isForgotten(error) && isAdapterFailure(error)) {
    const { code, remedy } = error.failure;
    return tellOf(deps, of, { fact: "start-failed", code, message: words, remedy });
  }
  deps.log("warn", "an agent could not be taken in hand", { session, error: String(error) });
};

/** One attempt; undefined: not now, and its session says why. Rejects when the daemon leaves. */
export const takeInHand = async (
  deps: ReachDeps,
  of: Generation,
): Promise<Agent | null | undefined> => {
  try {
    return await deps.hands.agent(of.session, of.generation);
  } catch (error) {
    if (deps.hands.released()) throw error;
    await explain(deps, of, error);
    return isForgotten(error) ? null : undefined;
  }
};

/** null: that generation is over. Waits while it cannot be told; rejects when the daemon leaves. */
export const find = async (deps: ReachDeps, of: Generation): Promise<Agent | null> => {
  for (;;) {
    const found = await takeInHand(deps, of);
    if (found !== undefined) return found;
    await deps.away.pause(AGAIN_MS);
  }
};

/** It is in hand again: what was known of its absence is over, and its silence meanwhile was none. */
const back = async ({ clock, log, port }: ReachDeps, agent: Agent): Promise<void> => {
  const { session } = agent;
  agent.heardAt ??= clock.now();
  try {
    if ((await port.brief(session))?.unreachable === true)
      await agent.report({ facts: [{ fact: "reachable" }] });
  } catch (error) {
    log("info", "that an agent is back was not recorded", { session, error: String(error) });
  }
};

/** One attempt to adopt it; false: try again, with a link of its own. */
export const adopt = async (deps: ReachDeps, agent: Agent): Promise<boolean> => {
  const { hands, log } = deps;
  const { session, link } = agent;
  try {
    const liveness = await link.attach();
    log("info", "an agent was looked for", { session, liveness });
    agent.reached = liveness !== "unknown";
    if (liveness === "alive") await back(deps, agent);
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
    await deps.away.pause(AGAIN_MS);
  }
};

/** After an attempt that failed. */
export const reachLater = async (deps: ReachDeps, of: Generation): Promise<Agent | null> => {
  await deps.away.pause(AGAIN_MS);
  return reach(deps, of);
};
