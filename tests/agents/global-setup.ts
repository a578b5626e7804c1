/** Runs once before the tests of the real CLIs: they are there, or the reason is said. */
import type { TestProject } from "vitest/node";
import { installRealAgents, type RealAgents } from "./install.ts";

declare module "vitest" {
  // eslint-disable-next-line typescript/consistent-type-definitions -- vitest is told so
  interface ProvidedContext {
    realAgents: RealAgents;
  }
}

export const setup = async (project: TestProject): Promise<void> => {
  project.provide("realAgents", await installRealAgents());
};
