/** What an agent is given of a prompt that begins with a slash; as opencode 1.18.33 takes it. */
import { expect, test } from "vitest";
import { ACP_AGENTS } from "./agents.ts";
import { wordsFor } from "./slashes.ts";

const agent = (id: string) => ACP_AGENTS.find((one) => one.id === id)!;
const opencode = agent("acp:opencode");
const hidden = (text: string) => `\u2060\n${text}`;

test("its own commands stay as they are, listed or not", () => {
  for (const text of ["/init", " /review the diff", "/compact"])
    expect(wordsFor(text, opencode, ["init", "review"])).toBe(text);
});

test("what is none of its commands is hidden from it, so that the model gets it", () => {
  for (const text of ["/etc/hosts is wrong", "/undo", "\n /review"])
    expect(wordsFor(text, opencode, ["init"])).toBe(hidden(text));
});

test("before its commands are told, a path is a path and a name may be a command", () => {
  expect(wordsFor("/etc/hosts is wrong", opencode, null)).toBe(hidden("/etc/hosts is wrong"));
  expect(wordsFor("/init", opencode, null)).toBe("/init");
});

test("nothing else is touched", () => {
  for (const text of ["either/or", "/", "/ alone"]) expect(wordsFor(text, opencode, [])).toBe(text);
  expect(wordsFor("/etc/hosts", agent("acp:gemini"), [])).toBe("/etc/hosts");
});
