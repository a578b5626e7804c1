import { expect, test } from "vitest";
import { agentOf } from "./program-words.ts";

test.each([
  [{}, { backend: "claude-code" }],
  [{ cli: "codex" }, { backend: "codex" }],
  [{ cli: "acp:gemini" }, { backend: "acp:gemini" }],
  [
    { cli: "aider --model 'a b'" },
    { backend: "terminal", program: { argv: ["aider", "--model", "a b"] } },
  ],
  [{ cli: "./agent.sh" }, { backend: "terminal", program: { argv: ["./agent.sh"] } }],
  [
    { cli: "aider", ready: "^> $", quietMs: 500, marker: "END" },
    {
      backend: "terminal",
      program: { argv: ["aider"], ready: "^> $", quietMs: 500, marker: "END" },
    },
  ],
])("%j", (flags, chosen) => {
  expect(agentOf(flags)).toEqual(chosen);
});

test("an empty command line is refused", () => {
  expect(() => agentOf({ cli: "  " })).toThrow(/empty/);
  expect(() => agentOf({ cli: "a ''" })).toThrow(/empty/);
});
