/** The real opencode plays the scenario, over ACP. */
import { afterAll, inject, vi } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { playSession } from "../scenarios/session.ts";
import { realOpencode } from "./fixtures.ts";

// Each of its processes takes half a gigabyte, and two seconds of a core to start.
vi.setConfig({ maxConcurrency: 2 });

const llm = await makeFakeLlm();
afterAll(() => llm.close());

playSession(realOpencode(llm, inject("realAgents").opencode));
