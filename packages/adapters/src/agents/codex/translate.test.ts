import { fakeUsage } from "@skein/sdk/testkit";
import { describe, expect, test } from "vitest";
import { brief, replay, type Replayed } from "./replay.testkit.ts";
import { freshState, type State } from "./state.ts";
import { foldRequest, foldWord, giveUp, MAX_RETRIES } from "./translate.ts";
import { turnFailure } from "./turn-errors.ts";

const told = ({ facts }: Replayed): string[] => facts.map(brief);
const turns = ({ facts }: Replayed) => facts.filter((fact) => fact.fact === "turn-ended");
const items = ({ facts }: Replayed) => facts.filter((fact) => fact.fact === "item");

const turnWord = (method: string, id: string, status: string) => ({
  method,
  params: { turn: { id, status, items: [], error: null } },
});

/** In a turn of ours, with the vendor's id `v`. */
const inTurn = (more: Partial<State> = {}): State => {
  const state = foldWord(freshState("t", null), turnWord("turn/started", "v", "inProgress")).state;
  return { ...state, turn: state.turn && { ...state.turn, ours: "trn_1" }, ...more };
};

const retry = (status: number | null) => ({
  method: "error",
  params: {
    error: {
      message: "Reconnecting... waiting for network",
      codexErrorInfo: { responseStreamDisconnected: { httpStatusCode: status } },
      additionalDetails: null,
      misalignment: null,
    },
    willRetry: true,
    threadId: "t",
    turnId: "v",
  },
});

describe("recordings of Codex 0.169.0", () => {
  test("messages: each turn accepted once, ended once, words that nobody knows passed over", () => {
    const all = replay("messages");
    expect(told(all)).toEqual([
      "accepted trn_1",
      "message: PONG",
      "ended trn_1 completed",
      "accepted trn_2",
      "reasoning",
      "message: thought",
      "ended trn_2 completed",
      "accepted trn_3",
      "message: 3",
      "ended trn_3 completed",
      "accepted trn_4",
      "ended trn_4 completed",
    ]);
    expect(all.live.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "message PONG",
      "reasoning deep",
      "message thought",
      "message 3",
    ]);
  });

  test("usage is a turn's own, though Codex counts the thread's", () => {
    const [first, second, third] = turns(replay("messages"));
    const own = {
      model: "gpt-5.5",
      inputTokens: fakeUsage.input,
      outputTokens: fakeUsage.output,
      cacheReadTokens: fakeUsage.cacheRead,
      cacheWriteTokens: fakeUsage.cacheCreation,
      reasoningTokens: fakeUsage.reasoning,
      costUsd: null,
    };
    expect([first?.usage, second?.usage, third?.usage]).toEqual([own, own, own]);
  });

  test("approvals: the first request has id 0; a declined command lets the turn go on; an interrupt withdraws", () => {
    const all = told(replay("approvals"));
    expect(all.filter((line) => line.startsWith("asked"))).toEqual([
      "asked 0 command",
      "asked 1 command",
      "asked 2 edit",
      "asked 3 edit",
      "asked 4 command",
      "asked 5 command",
    ]);
    expect(all).toContain("command declined");
    expect(all).toContain("edit declined");
    expect(all.filter((line) => line.endsWith("completed"))).toHaveLength(5);
    expect(all.slice(-3)).toEqual([
      "command interrupted",
      "withdrawn 5",
      "ended trn_10 interrupted",
    ]);
  });

  test("an edit's question carries the diff of the item that came before it", () => {
    const asked = replay("approvals").facts.find(
      (fact) => fact.fact === "asked" && fact.approval.kind === "edit",
    );
    expect(asked).toMatchObject({
      title: "Edit: /home/me/project/a.txt",
      approval: { changes: [{ path: "/home/me/project/a.txt", change: "add", diff: "one\n" }] },
      canAlways: true,
    });
  });

  test("a command's question carries the command, and how the agent would run it", () => {
    const asked = replay("approvals").facts.find((fact) => fact.fact === "asked");
    expect(asked).toMatchObject({
      approval: {
        kind: "command",
        command: "echo hi",
        argv: ["/bin/bash", "-lc", "echo hi"],
        folder: "/home/me/project",
      },
    });
  });

  test("a command whose turn was interrupted ends as interrupted, with the output that came after the turn", () => {
    const all = items(replay("interrupt")).filter(({ body }) => body.kind === "command");
    expect(all.map(({ body }) => body)).toMatchObject([
      { status: "running", output: "" },
      { status: "interrupted" },
      { status: "interrupted", output: "go\n", exitCode: null },
    ]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  });

  test("what was said before an interrupt or a steering is kept, in its place", () => {
    const all = told(replay("interrupt"));
    expect(all.slice(-8)).toEqual([
      "accepted trn_12",
      "message: 1 2 3 4 ",
      "ended trn_12 interrupted",
      "accepted trn_13",
      "message: 1 ",
      "user",
      "message: steered",
      "ended trn_13 completed",
    ]);
  });

  test("a question of the agent has its options", () => {
    const asked = replay("question").facts.find((fact) => fact.fact === "asked");
    expect(asked).toMatchObject({
      title: "Which colour?",
      approval: {
        kind: "question",
        questions: [{ id: "question", options: [{ label: "red" }, { label: "blue" }], free: true }],
      },
      canAlways: false,
    });
  });

  test("an MCP tool is asked as a tool; refused, its call is declined", () => {
    const all = replay("mcp");
    expect(all.facts.find((fact) => fact.fact === "asked")).toMatchObject({
      approval: { kind: "tool", tool: "tools.ping", input: { word: "hi" } },
      canAlways: true,
    });
    const calls = items(all).filter(({ body }) => body.kind === "tool");
    expect(calls.map(({ body }) => "status" in body && body.status)).toEqual([
      "running",
      "declined",
      "running",
      "done",
      "running",
      "done",
    ]);
  });

  test("failures: each in its kind, with the vendor's plain words", () => {
    const ended = turns(replay("failures"));
    expect(ended.map(({ error }) => error?.kind)).toEqual([
      "api",
      "api",
      "limit",
      "login",
      "model",
      "api",
      "cut",
    ]);
    expect(ended[5]?.error?.message).toBe("bad");
    expect(ended.every(({ error }) => (error?.remedy ?? "") !== "")).toBe(true);
  });

  test("a cut answer keeps the words that came, of each attempt before its end", () => {
    expect(told(replay("failures")).slice(-4)).toEqual([
      "message: this is cut ",
      "notice",
      "message: this is cut ",
      "ended trn_21 failed cut",
    ]);
  });

  test("without a network the login is looked at with the first retry", () => {
    const all = replay("offline");
    expect(all.orders).toEqual([{ order: "check-login" }]);
    expect(told(all).filter((line) => line === "notice").length).toBeGreaterThan(4);
  });
});

describe("retries", () => {
  test("that never end are ended by us, as a failure", () => {
    let state = inTurn();
    const orders: string[] = [];
    for (let count = 0; count <= MAX_RETRIES; count += 1) {
      const step = foldWord(state, retry(null));
      state = step.state;
      orders.push(...step.orders.map(({ order }) => order));
    }
    expect(orders).toEqual(["check-login", "end-turn"]);
    const { facts } = foldWord(state, turnWord("turn/completed", "v", "interrupted"));
    expect(facts.map(brief)).toEqual(["ended trn_1 failed api"]);
  });

  test("of a refused login are ended with the second", () => {
    const first = foldWord(inTurn(), retry(401));
    expect(first.orders).toEqual([]);
    expect(foldWord(first.state, retry(401)).orders).toEqual([{ order: "end-turn" }]);
  });

  test("are counted anew when there was a word in between", () => {
    let state = inTurn();
    for (let count = 0; count < 3 * MAX_RETRIES; count += 1) {
      const item = { type: "agentMessage", id: `m${count}`, text: "" };
      state = foldWord(state, { method: "item/started", params: { item, turnId: "v" } }).state;
      const step = foldWord(state, retry(500));
      expect(step.orders).toEqual([]);
      state = step.state;
    }
  });
});

test("a verdict is given once", () => {
  const first = giveUp(inTurn(), turnFailure("login", "no"));
  expect(first.orders).toHaveLength(1);
  expect(giveUp(first.state, turnFailure("api", "again")).orders).toEqual([]);
});

test("a turn that someone else began has no end of ours, and its prompt is theirs", () => {
  let state = foldWord(freshState("t", null), turnWord("turn/started", "v", "inProgress")).state;
  const item = {
    type: "userMessage",
    id: "u",
    clientId: null,
    content: [{ type: "text", text: "hello" }],
  };
  const step = foldWord(state, { method: "item/completed", params: { item, turnId: "v" } });
  state = step.state;
  expect(step.facts).toEqual([
    { fact: "item", id: "u", body: { kind: "user", text: "hello", how: "outside" } },
  ]);
  expect(foldWord(state, turnWord("turn/completed", "v", "completed")).facts).toEqual([]);
});

test("a request that no person can answer is not taken", () => {
  const request = { id: 0, method: "attestation/generate", params: { threadId: "t" } };
  expect(foldRequest(inTurn(), request)).toBeNull();
});

test("a question is told once, however often it is asked, and withdrawn when it was answered elsewhere", () => {
  const request = {
    id: 0,
    method: "item/commandExecution/requestApproval",
    params: { threadId: "t", turnId: "v", itemId: "i", command: "ls" },
  };
  const first = foldRequest(inTurn(), request);
  expect(first?.facts).toHaveLength(1);
  const again = foldRequest(first?.state ?? inTurn(), request);
  expect(again?.facts).toEqual([]);
  const word = { method: "serverRequest/resolved", params: { requestId: 0 } };
  const state = again?.state ?? inTurn();
  expect(foldWord(state, word).facts.map(brief)).toEqual(["withdrawn 0"]);
  expect(foldWord({ ...state, answered: new Map([["0", {}]]) }, word).facts).toEqual([]);
});

test("a question asked again after its answer gets the same answer again: the first may not have arrived", () => {
  const request = {
    id: 0,
    method: "item/commandExecution/requestApproval",
    params: { threadId: "t", turnId: "v", itemId: "i", command: "ls" },
  };
  const answer = { decision: "accept" };
  const state = {
    ...(foldRequest(inTurn(), request)?.state ?? inTurn()),
    answered: new Map([["0", answer]]),
  };
  const again = foldRequest(state, request);
  expect(again?.facts).toEqual([]);
  expect(again?.orders).toEqual([{ order: "answer-again", request: 0, answer }]);
});

test("the server's steering answer to turn/start makes no second turn", () => {
  const state = { ...inTurn(), handed: { turn: "trn_1" } };
  expect(foldWord(state, turnWord("turn/started", "v", "inProgress")).facts).toEqual([]);
});
