/** The real claude-agent-acp plays the scenario, over ACP. */
import { afterAll, inject } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { playSession } from "../scenarios/session.ts";
import { realClaudeAcp } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

playSession(realClaudeAcp(llm, inject("realAgents").claudeAcp));
