/** The fold, on lines as agents wrote them (gemini 0.61.0, opencode 1.18.33, claude-agent-acp 0.49.0, codex-acp 2.6.0), shortened. */
import type { PermissionMode } from "@skein/contract";
import type { Fact } from "@skein/sdk";
import { expect, test } from "vitest";
import { ACP_AGENTS } from "./agents.ts";
import type { Settings } from "./fold.ts";
import { initialState, type State } from "./state.ts";
import { step } from "./translate.ts";
import { giving } from "./turns.ts";
import { readLine, turnRequest, type Json } from "./wire.ts";

const settings = (permissions: PermissionMode = "guarded"): Settings => ({
  agent: ACP_AGENTS[0]!,
  generation: 3,
  folder: "/w",
  home: "/w/.skein",
  permissions,
  model: null,
  effort: null,
  conversation: { how: "new" },
  pid: 1,
});

const inTurn: State = giving(
  { ...initialState, phase: "ready", conversation: "c-1", cost: 0 },
  "trn_1",
  0,
).state;

/** What lines make of a state: facts and frames of all of them. */
const fold = (lines: readonly Json[], from = inTurn, given = settings()) => {
  let state = from;
  const facts: Fact[] = [];
  const frames: unknown[] = [];
  const live: unknown[] = [];
  for (const line of lines) {
    const folded = step(state, readLine(JSON.stringify({ jsonrpc: "2.0", ...line })), given);
    state = folded.state;
    facts.push(...folded.facts);
    frames.push(...folded.orders.map((frame) => JSON.parse(frame) as unknown));
    live.push(...folded.live);
  }
  return { state, facts, frames, live };
};

const update = (body: Json): Json => ({
  method: "session/update",
  params: { sessionId: "c-1", update: body },
});
const chunk = (text: string, messageId?: string): Json =>
  update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text }, messageId });
const ask = (
  id: number,
  toolCall: Json,
  kinds = ["allow_always", "allow_once", "reject_once"],
) => ({
  id,
  method: "session/request_permission",
  params: {
    sessionId: "c-1",
    toolCall,
    options: kinds.map((kind) => ({ optionId: `o-${kind}`, name: kind, kind })),
  },
});
const answer = (result: Json): Json => ({ id: turnRequest("trn_1"), result });
const items = (facts: readonly Fact[]) => facts.filter((fact) => fact.fact === "item");

const geminiWrite = {
  toolCallId: "write_file__call_1",
  status: "pending",
  title: "Writing to a.txt",
  content: [
    { type: "diff", path: "/w/a.txt", oldText: "", newText: "hi\n", _meta: { kind: "add" } },
  ],
  locations: [{ path: "/w/a.txt" }],
  kind: "edit",
};

test("gemini tells of a call only when it asks, and nothing more of one that was declined", () => {
  const { state, facts } = fold([ask(0, geminiWrite)]);
  expect(facts.map(({ fact }) => fact)).toEqual(["accepted", "provider-session", "item", "asked"]);
  expect(facts.at(-1)).toMatchObject({
    request: "0",
    canAlways: true,
    approval: {
      kind: "edit",
      changes: [{ path: "/w/a.txt", change: "add", diff: "@@ -0,0 +1,1 @@\n+hi" }],
    },
  });
  expect(state.asks["0"]).toMatchObject({ id: 0 });
  const end = fold([answer({ stopReason: "end_turn" })], state);
  expect(end.facts.map(({ fact }) => fact)).toEqual(["item", "withdrawn", "turn-ended"]);
});

test("opencode's bash: the call fills up, and ends with its output and exit code", () => {
  const call = { toolCallId: "call_1", kind: "execute" };
  const rawInput = { command: "echo hi; exit 3", description: "Say hi", cwd: "/w" };
  const { facts } = fold([
    update({
      sessionUpdate: "tool_call",
      ...call,
      title: "bash",
      status: "pending",
      rawInput: { cwd: "/w" },
    }),
    update({
      sessionUpdate: "tool_call_update",
      ...call,
      title: "echo hi; exit 3",
      status: "in_progress",
      rawInput,
    }),
    update({
      sessionUpdate: "tool_call_update",
      ...call,
      status: "completed",
      content: [{ type: "content", content: { type: "text", text: "hi\n" } }],
      rawOutput: { output: "hi\n", metadata: { exit: 3 } },
    }),
  ]);
  // The empty announcement is worth no line in the record.
  expect(items(facts)).toHaveLength(2);
  expect(items(facts).at(-1)).toEqual({
    fact: "item",
    id: "g3:call_1",
    body: {
      kind: "command",
      command: "echo hi; exit 3",
      folder: "/w",
      output: "hi\n",
      exitCode: 3,
      status: "done",
    },
  });
});

test("opencode asks about a folder outside before it asks for the edit: it is shown as the edit", () => {
  const call = { toolCallId: "call_1", title: "write", status: "pending" };
  const rawInput = { filePath: "/x/a", content: "b\n" };
  const outside = {
    toolCallId: "call_1",
    kind: "other",
    title: "/x",
    rawInput: { filepath: "/x" },
  };
  const { facts } = fold(
    [update({ sessionUpdate: "tool_call", ...call, kind: "edit", rawInput }), ask(2, outside)],
    inTurn,
    settings("workspace"),
  );
  expect(facts.at(-1)).toMatchObject({
    fact: "asked",
    approval: { kind: "edit", changes: [{ path: "/x/a", change: "add" }] },
  });
  const diff = { type: "diff", path: "/w/a", oldText: "", newText: "b" };
  const inside = { toolCallId: "call_2", kind: "edit", content: [diff] };
  expect(fold([ask(3, inside)]).facts.at(-1)).toMatchObject({
    approval: { changes: [{ change: "add" }] },
  });
});

test("claude-agent-acp's failed command: its exit code stands in the text", () => {
  const call = {
    toolCallId: "toolu_1",
    kind: "execute",
    _meta: { claudeCode: { toolName: "Bash" } },
  };
  const { facts } = fold([
    update({
      sessionUpdate: "tool_call_update",
      ...call,
      title: "false",
      rawInput: { command: "false" },
    }),
    update({
      sessionUpdate: "tool_call_update",
      toolCallId: "toolu_1",
      status: "failed",
      rawOutput: "Exit code 3\nhi",
      content: [{ type: "content", content: { type: "text", text: "```\nExit code 3\nhi\n```" } }],
    }),
  ]);
  expect(items(facts).at(-1)).toMatchObject({
    body: { kind: "command", output: "hi", exitCode: 3, status: "failed" },
  });
});

test("codex-acp's command: its output is shown in the pieces in which it comes, and recorded once", () => {
  const call = { toolCallId: "call_1", sessionUpdate: "tool_call_update" };
  const piece = (data: string): Json =>
    update({ ...call, _meta: { terminal_output_delta: { data, terminal_id: "call_1" } } });
  const { facts, live } = fold([
    update({
      ...call,
      sessionUpdate: "tool_call",
      kind: "execute",
      title: "echo hi; exit 3",
      status: "in_progress",
      content: [{ type: "terminal", terminalId: "call_1" }],
      rawInput: { command: "echo hi; exit 3", cwd: "/w" },
    }),
    piece("h"),
    piece("i\n"),
    update({ ...call, status: "failed", _meta: { terminal_exit: { exit_code: 3, signal: null } } }),
  ]);
  expect(live).toEqual([
    { item: "g3:call_1", kind: "output", text: "h" },
    { item: "g3:call_1", kind: "output", text: "i\n" },
  ]);
  expect(items(facts)).toMatchObject([
    { body: { kind: "command", output: "", status: "running" } },
    { body: { kind: "command", output: "hi\n", exitCode: 3, status: "failed" } },
  ]);
});

test.each([
  ["service", "error", "model not found", "model"],
  ["limit", "error", "exceeded retry limit, last status: 429 Too Many Requests", "limit"],
  ["access", "error", "Sign in first", "login"],
  ["connection", "error", "unexpected status 529 <unknown status code>", "api"],
  ["service", "error", "stream disconnected before completion", "cut"],
  ["connection", "warning", "Reconnecting... 1/1", null],
])("codex-acp ends a turn well and says beside it: %s %s %j", (category, severity, title, kind) => {
  const _meta = { jetbrains: { air: { sessionFailure: { category, severity, title } } } };
  const { facts } = fold([answer({ stopReason: "end_turn", usage: null, _meta })]);
  expect(facts.at(-1)).toMatchObject(
    kind === null
      ? { outcome: "completed", error: null }
      : { outcome: "failed", error: { kind, message: title } },
  );
});

test("thoughts that an agent's total counts with its output are not counted twice", () => {
  const usage = { totalTokens: 1280, inputTokens: 1000, cachedReadTokens: 200 };
  const more = { cachedWriteTokens: 30, outputTokens: 50, thoughtTokens: 4 };
  const { facts } = fold([answer({ stopReason: "end_turn", usage: { ...usage, ...more } })]);
  expect(facts.at(-1)).toMatchObject({ usage: { outputTokens: 50, reasoningTokens: 4 } });
});

test("words in pieces are one message until something else comes, or another message begins", () => {
  const { facts } = fold([
    chunk("a ", "m-1"),
    chunk("b", "m-1"),
    chunk("c", "m-2"),
    update({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text: "hm" } }),
    answer({
      stopReason: "end_turn",
      usage: { inputTokens: 5, outputTokens: 7, thoughtTokens: 2 },
    }),
  ]);
  expect(items(facts).map((fact) => fact.fact === "item" && fact.body)).toEqual([
    { kind: "message", text: "a b" },
    { kind: "message", text: "c" },
    { kind: "reasoning", text: "hm" },
  ]);
  expect(facts.at(-1)).toMatchObject({
    fact: "turn-ended",
    outcome: "completed",
    usage: { inputTokens: 5, outputTokens: 9, reasoningTokens: 2, costUsd: null },
  });
});

test("words after the end of a turn are a message of their own, and the next turn begins another", () => {
  const late = fold([answer({ stopReason: "end_turn" }), chunk("words "), chunk("after the end")]);
  const next = giving(late.state, "trn_1", 0);
  expect(next.facts).toEqual([]);
  const { facts } = fold([chunk("HI x"), answer({ stopReason: "end_turn" })], next.state);
  const told = [...items(late.facts), ...items(facts)];
  expect(told).toMatchObject([
    { body: { text: "words " } },
    { body: { text: "words after the end" } },
    { body: { text: "HI x" } },
  ]);
  expect(new Set(told.map((fact) => fact.fact === "item" && fact.id)).size).toBe(2);
});

const cost = (amount: number): Json =>
  update({ sessionUpdate: "usage_update", used: 1, size: 2, cost: { amount, currency: "USD" } });

test("cost is told as a sum, and counted by the turn; gemini's tokens stand elsewhere", () => {
  const first = fold([cost(0.25), answer({ stopReason: "end_turn", usage: {} })]);
  expect(first.facts.at(-1)).toMatchObject({ usage: { costUsd: 0.25 } });
  const quota = {
    token_count: { input_tokens: 9, output_tokens: 4 },
    model_usage: [{ model: "gemini-x" }],
  };
  const second = fold(
    [cost(0.75), answer({ stopReason: "end_turn", _meta: { quota } })],
    giving(first.state, "trn_1", 0).state,
  );
  expect(second.facts.at(-1)).toMatchObject({
    usage: { model: "gemini-x", inputTokens: 9, outputTokens: 4, costUsd: 0.5 },
  });
});

test("what was said before a conversation was loaded, and what belongs to another, is not told", () => {
  const settling = { ...inTurn, turn: null, phase: "settling" as const };
  expect(fold([chunk("old")], settling).facts).toEqual([]);
  const stranger = { method: "session/update", params: { sessionId: "c-2", update: {} } };
  expect(fold([stranger]).facts).toEqual([]);
});

test("unknown requests are answered, garbage is told of three times a turn, a second answer is left out and told", () => {
  const { frames } = fold([{ id: 7, method: "fs/write_text_file", params: {} }]);
  expect(frames).toMatchObject([{ id: 7, error: { code: -32601 } }]);
  let state = inTurn;
  const told: Fact[] = [];
  for (let line = 0; line < 10; line++) {
    const folded = step(state, readLine("{no"), settings());
    state = folded.state;
    told.push(...folded.facts);
  }
  expect(told).toHaveLength(3);
  const anew = giving(state, "trn_2", 0).state;
  expect(step(anew, readLine("[1,2]"), settings()).facts).toMatchObject([
    { fact: "notice", text: expect.stringMatching(/no message of its protocol/) },
  ]);
  expect(step(anew, { type: "cut" }, settings()).facts).toMatchObject([
    { fact: "notice", text: expect.stringMatching(/longer than 16 MiB/) },
  ]);
  const once = fold([answer({ stopReason: "end_turn" }), answer({ stopReason: "end_turn" })]);
  expect(once.facts.filter(({ fact }) => fact === "turn-ended")).toHaveLength(1);
  expect(once.facts.at(-1)).toMatchObject({ text: expect.stringMatching(/a second time/) });
});

test("after an interrupt nothing is asked any more: it is answered with cancelled", () => {
  const cancelling = { ...inTurn, turn: { ...inTurn.turn!, interrupting: true } };
  const { frames, facts } = fold([ask(4, geminiWrite)], cancelling);
  expect(frames).toEqual([
    { jsonrpc: "2.0", id: 4, result: { outcome: { outcome: "cancelled" } } },
  ]);
  expect(facts.some(({ fact }) => fact === "asked")).toBe(false);
});

test("a turn that is cancelled before its first word is interrupted, and the usage told with it is another's", () => {
  const cancelling = { ...inTurn, turn: { ...inTurn.turn!, interrupting: true } };
  const end = { stopReason: "end_turn", usage: { inputTokens: 9, outputTokens: 2 } };
  const before = fold([answer(end)], cancelling);
  expect(before.facts.at(-1)).toMatchObject({ outcome: "interrupted", error: null, usage: null });
  const said = fold([chunk("done"), answer(end)], cancelling);
  expect(said.facts.at(-1)).toMatchObject({ outcome: "completed", usage: { inputTokens: 9 } });
});

test("an interrupt before the first word that the agent owns up to keeps its usage; what was told to be spent is counted, however the turn ends", () => {
  const cancelling = { ...inTurn, turn: { ...inTurn.turn!, interrupting: true } };
  const usage = { inputTokens: 9, outputTokens: 2 };
  const owned = fold([answer({ stopReason: "cancelled", usage })], cancelling);
  expect(owned.facts.at(-1)).toMatchObject({ outcome: "interrupted", usage: { inputTokens: 9 } });
  const ends = [
    answer({ stopReason: "end_turn", usage }),
    { id: turnRequest("trn_1"), error: { code: -32603, message: "no" } },
  ];
  for (const end of ends) {
    const { facts } = fold([cost(0.25), end], cancelling);
    expect(facts.at(-1)).toMatchObject({
      outcome: "interrupted",
      usage: { inputTokens: 0, outputTokens: 0, costUsd: 0.25 },
    });
  }
});

test("each mode answers by kind, never by name; without such a kind the answer is cancelled", () => {
  const allowed = fold([ask(1, geminiWrite)], inTurn, settings("full"));
  expect(allowed.frames).toMatchObject([{ result: { outcome: { optionId: "o-allow_once" } } }]);
  const refused = fold([ask(1, geminiWrite)], inTurn, settings("read-only"));
  expect(refused.frames).toMatchObject([{ result: { outcome: { optionId: "o-reject_once" } } }]);
  expect(items(refused.facts).at(-1)).toMatchObject({ body: { status: "declined" } });
  const none = fold([ask(1, geminiWrite, ["maybe"])], inTurn, settings("full"));
  expect(none.frames).toMatchObject([{ result: { outcome: { outcome: "cancelled" } } }]);
});

test.each([
  [{ stopReason: "vanished" }, /unknown \("vanished"\)/],
  [{}, /without a stop reason/],
  [null, /without a stop reason/],
])("a turn that ends with %j is told to have ended oddly", (result, text) => {
  const { facts } = fold([chunk("hi"), { id: turnRequest("trn_1"), result }]);
  expect(facts.at(-1)).toMatchObject({ fact: "turn-ended", outcome: "completed" });
  expect(facts.at(-2)).toMatchObject({ level: "warning", text: expect.stringMatching(text) });
});

test.each([
  ["other", "Use a tool that the agent does not name"],
  ["execute", "Run: a command that the agent does not name"],
  ["edit", "Edit files that the agent does not name"],
])("an ask without a title (%s) says something whole", (kind, title) => {
  expect(fold([ask(1, { toolCallId: "t", kind })]).facts.at(-1)).toMatchObject({ title });
});

const cancelled = [{ result: { outcome: { outcome: "cancelled" } } }];

test.each(["guarded", "workspace", "full"] as const)(
  "%s: an ask without a yes that is known is told and answered at once, and nobody is asked",
  (mode) => {
    for (const kinds of [["allow_forever_everything", "reject_once"], []]) {
      const { facts, frames, state } = fold([ask(1, geminiWrite, kinds)], inTurn, settings(mode));
      expect(frames).toMatchObject(cancelled);
      expect(facts.map(({ fact }) => fact)).not.toContain("asked");
      expect(state.asks).toEqual({});
      expect(facts.find(({ fact }) => fact === "notice")).toMatchObject({
        level: "warning",
        text: expect.stringMatching(/kind that means yes/),
      });
      expect(items(facts).at(-1)).toMatchObject({ body: { status: "declined" } });
    }
  },
);

test.each(["read-only", "guarded", "workspace", "full"] as const)(
  "%s: an ask with an id for two options is never answered with it",
  (mode) => {
    const options = ["allow_once", "reject_once"].map((kind) => ({ optionId: "o", kind }));
    const params = { sessionId: "c-1", toolCall: geminiWrite, options };
    const asked = { id: 1, method: "session/request_permission", params };
    const { facts, frames } = fold([asked], inTurn, settings(mode));
    expect(frames).toMatchObject(cancelled);
    expect(facts.map(({ fact }) => fact)).not.toContain("asked");
    expect(facts.find(({ fact }) => fact === "notice")).toMatchObject({
      text: expect.stringMatching(/same id/),
    });
  },
);

test("a yes that holds for always says so, and is said unasked in full only", () => {
  const kinds = ["allow_always", "reject_once"];
  for (const mode of ["guarded", "workspace"] as const) {
    const { facts, frames } = fold([ask(1, geminiWrite, kinds)], inTurn, settings(mode));
    expect(frames).toEqual([]);
    expect(facts.at(-1)).toMatchObject({
      fact: "asked",
      title: "For always, as the agent offers no yes for once: Edit /w/a.txt",
    });
  }
  const full = fold([ask(1, geminiWrite, kinds)], inTurn, settings("full"));
  expect(full.frames).toMatchObject([{ result: { outcome: { optionId: "o-allow_always" } } }]);
  expect(fold([ask(1, geminiWrite)]).facts.at(-1)).toMatchObject({ title: "Edit /w/a.txt" });
});
