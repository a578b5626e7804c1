/** Every driver keeps the laws of the sdk's door: here with scripted agents; with the real ones in tests/agents. */
import { join } from "node:path";
import {
  makeAcpDrivers,
  makeClaudeCodeDriver,
  makeCodexDriver,
  makeTerminalDriver,
} from "@skein/adapters";
import { fakeReplCommand } from "@skein/sdk/testkit";
import { driverConformance } from "@skein/sdk/testkit/drivers";
import { benchOf } from "../scenarios/driver-bench.ts";
import { fakeAcpBackend, fakeClaudeBackend, fakeCodexBackend } from "./fixtures.ts";
import { makeTerminals } from "../../packages/daemon/src/terminals/terminals.ts";

const terminalBackend = async (place: string) => ({
  command: ["tmux"],
  env: { FAKE_REPL_LOG: join(place, "repl.log") },
});

const words = { quick: "say PONG", slow: "SLOW 30" };

driverConformance({
  name: "claude-code",
  words,
  resumes: true,
  makeBench: () => benchOf(makeClaudeCodeDriver, fakeClaudeBackend),
});

driverConformance({
  name: "codex",
  words,
  resumes: true,
  makeBench: () => benchOf(makeCodexDriver, fakeCodexBackend),
});

driverConformance({
  name: "acp",
  words,
  resumes: true,
  makeBench: () => benchOf(() => makeAcpDrivers(["acp:scripted"]).at(-1)!, fakeAcpBackend),
});

driverConformance({
  name: "terminal",
  words,
  resumes: false,
  session: { program: { argv: [...fakeReplCommand], quietMs: 300, ready: "^> ?$" } },
  makeBench: () => benchOf(makeTerminalDriver, terminalBackend, makeTerminals),
});
