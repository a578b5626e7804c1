import { isRefusal, type Problem } from "@skein/contract";
import { loadConfig, type AgentIds } from "./load.ts";
import { pathsOf } from "./paths.ts";

/** By an agent's id: what its program is, and what its environment has beside the daemon's. */
export type NamedAgents = Readonly<
  Record<
    string,
    {
      readonly command: readonly string[] | null;
      readonly env: Readonly<Record<string, string>>;
    }
  >
>;

/** The agents of this machine that the configuration has something to say about; none when it cannot be read. */
export const namedAgents = (home: string, agents: AgentIds): NamedAgents => {
  try {
    const { backends } = loadConfig(pathsOf(home).config, agents);
    return Object.fromEntries(
      Object.entries(backends).map(([id, { command = null, env }]) => [
        id,
        { command: typeof command === "string" ? [command] : command, env },
      ]),
    );
  } catch (error) {
    if (isRefusal(error)) return {};
    throw error;
  }
};

/** What is wrong with the configuration of a state folder; null when nothing is. Starts nothing: `skein doctor` asks. */
export const checkConfig = (home: string, agents: AgentIds): Problem | null => {
  try {
    loadConfig(pathsOf(home).config, agents);
    return null;
  } catch (error) {
    if (isRefusal(error)) return error.problem;
    throw error;
  }
};
