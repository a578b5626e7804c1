/** The real Claude Code plays the scenario as the TUI in its session's terminal. */
import { afterAll, inject } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { playSession } from "../scenarios/session.ts";
import type { Fixture } from "../scenarios/stage.ts";
import { realClaude } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

const tui: Fixture = {
  ...realClaude(llm, inject("realAgents").claude),
  create: { interface: "tui" },
  without: [
    {
      steps: /^its words are shown as they come/,
      why: "a TUI's messages are known when they are whole",
    },
    {
      steps: /^a long prompt and odd characters arrive unchanged/,
      why: "an input line takes no control characters, and turns tabs into blanks",
    },
  ],
};

playSession(tui);
