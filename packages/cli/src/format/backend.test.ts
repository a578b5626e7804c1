/** What is said of an agent in a line. */
import { expect, test } from "vitest";
import type { Backend } from "@skein/contract";
import { agentWords, backendLine, backendLines } from "./backend.ts";
import { makePaint } from "./paint.ts";

const paint = makePaint(false);
const claude: Backend = {
  id: "claude-code",
  host: "local",
  interfaces: ["protocol"],
  title: "Claude Code",
  found: true,
  command: "/usr/bin/claude",
  version: "2.1.197",
  login: "api-key",
  loginDetail: null,
  models: [],
  modelsSource: "asked",
  capabilities: { steer: true, fork: true, resume: true, questions: true },
  remedy: null,
  checkedAt: "2026-11-20T10:00:00.000Z",
};
const terminal: Backend = {
  ...claude,
  id: "terminal",
  command: "/usr/bin/tmux",
  version: "3.3a",
  login: "unknown",
  takesProgram: true,
};

test("an agent has a version, a login and models; what takes any program has none of these", () => {
  expect(backendLine(claude, paint)).toBe("claude-code 2.1.197  API key");
  expect(agentWords(claude)).toBe("2.1.197, API key, 0 models");
  expect(backendLine(terminal, paint)).toBe("terminal  tmux 3.3a");
  expect(agentWords(terminal)).toBe("tmux 3.3a");
  expect(backendLine({ ...terminal, found: false, remedy: "Install tmux." }, paint)).toBe(
    "terminal 3.3a  not installed - Install tmux.",
  );
});

test("those that have not answered yet share a line, without a word on their login", () => {
  const remedy = "It has not answered yet; look again with `skein backends`.";
  const quiet = { command: null, version: null, login: "unknown", remedy } as const;
  const lines = backendLines(
    [{ ...claude, ...quiet }, terminal, { ...claude, ...quiet, id: "codex" }],
    paint,
  );
  expect(lines).toEqual([
    "terminal  tmux 3.3a",
    "claude-code, codex  being asked; see: skein backends",
  ]);
});
