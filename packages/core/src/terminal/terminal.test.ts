import { expect, test } from "vitest";
import {
  decideTerminal,
  evolveTerminal,
  type TerminalInput,
  type TerminalRecord,
} from "./terminal.ts";

const context = { actor: "ada", now: "2026-11-20T10:00:00.000Z" } as never;
const terminal = "trm_00000000000000000000000001";
const open: TerminalInput = {
  type: "open",
  terminal,
  host: "local",
  folder: "/srv",
  session: null,
  runs: "shell",
  argv: [],
  columns: 120,
  rows: 40,
};

const given = (state: TerminalRecord | null, input: TerminalInput, at: string) => {
  const decided = decideTerminal(state, input, context);
  if (!decided.ok) throw new Error(decided.problem.code);
  const after = decided.events.reduce<TerminalRecord | null>(
    (before, event) => evolveTerminal(before, event, at),
    state,
  );
  return { after, types: decided.events.map(({ type }) => type) };
};

test("it is opened once, closed once, and may be opened again", () => {
  const opened = given(null, open, "t1");
  expect(opened.types).toEqual(["terminal.opened"]);
  expect(opened.after).toMatchObject({
    id: terminal,
    folder: "/srv",
    createdAt: "t1",
    closedAt: null,
  });
  expect(given(opened.after, open, "t2").types).toEqual([]);
  const closed = given(opened.after, { type: "close", terminal }, "t3");
  expect([closed.types, closed.after?.closedAt]).toEqual([["terminal.closed"], "t3"]);
  expect(given(closed.after, { type: "close", terminal }, "t4").types).toEqual([]);
  expect(given(closed.after, open, "t5").after).toMatchObject({ createdAt: "t5", closedAt: null });
});

test("what is typed opens nothing: neither one that is closed nor one that was never recorded", () => {
  const closed = given(given(null, open, "t1").after, { type: "close", terminal }, "t2");
  for (const state of [null, closed.after])
    expect(given(state, { type: "typed" }, "t3")).toEqual({ after: state, types: [] });
});

test("one that never was cannot be closed", () => {
  expect(() => given(null, { type: "close", terminal }, "t")).toThrow("terminal_not_found");
});
