/** The real Claude Code plays the scenario as the TUI in its session's terminal, on the far side of ssh. */
import { afterAll, inject } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { overSsh } from "../hosts/far.ts";
import { playSession } from "../scenarios/session.ts";
import { realClaudeTui } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

playSession(overSsh(realClaudeTui(llm, inject("realAgents").claude)));
