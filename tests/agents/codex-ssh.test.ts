/** The real Codex plays the scenario on the far side of ssh. */
import { afterAll, inject } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { overSsh } from "../hosts/far.ts";
import { playSession } from "../scenarios/session.ts";
import { realCodex } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

playSession(overSsh(realCodex(llm, inject("realAgents").codex)));
