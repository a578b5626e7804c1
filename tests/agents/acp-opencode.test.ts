/** The real opencode plays the scenario, over ACP. */
import { afterAll, inject } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { playSession } from "../scenarios/session.ts";
import { realOpencode } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

playSession(realOpencode(llm, inject("realAgents").opencode));
