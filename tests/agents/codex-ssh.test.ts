/** The real Codex plays what the place could spoil on the far side of ssh. */
import { afterAll, inject } from "vitest";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { inShortOverSsh } from "../hosts/far.ts";
import { playSession } from "../scenarios/session.ts";
import { realCodex } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

playSession(inShortOverSsh(realCodex(llm, inject("realAgents").codex)));
