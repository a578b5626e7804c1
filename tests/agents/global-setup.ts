/** Runs once before the tests of the real CLIs: they are there, or the reason is said. */
import type { TestProject } from "vitest/node";
import { installRealAgents, type RealAgents } from "./install.ts";

declare module "vitest" {
  interface ProvidedContext {
    realAgents: RealAgents;
  }
}

export const setup = async (project: TestProject): Promise<void> => {
  project.provide("realAgents", await installRealAgents());
};
