/** The drivers of the real agents keep the laws of the sdk's door. What they say and do is the scenario's, in the files beside this one. */
import { afterAll, inject } from "vitest";
import { makeClaudeCodeDriver, makeCodexDriver } from "@skein/adapters";
import { makeFakeLlm } from "@skein/sdk/testkit";
import { driverConformance } from "@skein/sdk/testkit/drivers";
import { makeTerminals } from "../../packages/daemon/src/terminals/terminals.ts";
import { benchOf } from "../scenarios/driver-bench.ts";
import { realClaude, realCodex } from "./fixtures.ts";

const llm = await makeFakeLlm();
afterAll(() => llm.close());

const words = { quick: "say PONG", slow: "SLOW 30" };
const { claude, codex } = inject("realAgents");

type Settings = { readonly command: string; readonly env: Record<string, string> };

const claudeSettings = (place: string) =>
  realClaude(llm, claude).prepare(place) as Promise<Settings>;

driverConformance({
  name: "claude-code",
  words,
  resumes: true,
  makeBench: () => benchOf(makeClaudeCodeDriver, claudeSettings),
});

driverConformance({
  name: "claude-code, the TUI",
  words,
  resumes: true,
  session: { interface: "tui", permissions: "guarded" },
  makeBench: () => benchOf(makeClaudeCodeDriver, claudeSettings, makeTerminals),
});

driverConformance({
  name: "codex",
  words,
  resumes: true,
  makeBench: () =>
    benchOf(makeCodexDriver, (place) => realCodex(llm, codex).prepare(place) as Promise<Settings>),
});
