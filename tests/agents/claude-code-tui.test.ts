/** The real Claude Code plays the scenario as the TUI in its session's terminal. */
import { afterAll, inject } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { playSession } from "../scenarios/session.ts";
import { realClaudeTui } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

playSession(realClaudeTui(llm, inject("realAgents").claude));
