/** The real Claude Code plays, as the TUI in its session's terminal, what the place could spoil on the far side of ssh. */
import { afterAll, inject } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { inShortOverSsh } from "../hosts/far.ts";
import { playSession } from "../scenarios/session.ts";
import { realClaudeTui } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

playSession(inShortOverSsh(realClaudeTui(llm, inject("realAgents").claude)));
