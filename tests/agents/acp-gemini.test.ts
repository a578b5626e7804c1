/** The real Gemini CLI plays the scenario, over ACP. */
import { afterAll, inject } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { playSession } from "../scenarios/session.ts";
import { realGemini } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

playSession(realGemini(llm, inject("realAgents").gemini));
