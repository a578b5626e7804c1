import { isRefusal, type Problem } from "@skein/contract";
import { loadConfig, type AgentIds } from "./load.ts";
import { pathsOf } from "./paths.ts";

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
