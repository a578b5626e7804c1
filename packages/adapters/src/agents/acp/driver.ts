/** One driver for every agent that speaks the Agent Client Protocol (version 1): one process for each session. */
import type { AgentDriver } from "@skein/sdk";
import { ACP_AGENTS, configuredAgent, type AcpAgent } from "./agents.ts";
import { makeBirths } from "./births.ts";
import type { Births } from "./life.ts";
import { makeLink } from "./link.ts";
import { probe } from "./probe.ts";

/** Every session has a process of its own. */
export const makeAcpDriver = (agent: AcpAgent, births: Births = makeBirths()): AgentDriver => {
  let { capabilities } = agent;
  return {
    id: agent.id,
    title: agent.title,
    program: agent.program,
    envPrefixes: agent.envPrefixes,
    /** As declared, until the agent has been asked. */
    get capabilities() {
      return capabilities;
    },
    interfaces: ["protocol"],
    probe: async (context, signal) => {
      const result = await probe(agent, context, signal);
      capabilities = result.capabilities ?? capabilities;
      return result;
    },
    open: (context) => makeLink(agent, context, births),
    close: async () => undefined,
  };
};

/** Those that are known out of the box, and what else the configuration names (`acp:<name>`). */
export const makeAcpDrivers = (configured: readonly string[]): readonly AgentDriver[] => {
  const isNew = (id: string): boolean =>
    id.startsWith("acp:") && ACP_AGENTS.every((agent) => agent.id !== id);
  return [...ACP_AGENTS, ...configured.filter(isNew).map(configuredAgent)].map((agent) =>
    makeAcpDriver(agent),
  );
};
