import { TERMINAL_SCOPES, type Session, type Turn } from "@skein/contract";
import { describe, expect, test } from "vitest";
import { makeReceipts } from "../engine/receipts.ts";
import { makeChanges } from "./changes.ts";
import type { Caller, OperationDeps } from "./ports.ts";
import { terminalHandlers } from "./terminals.ts";
import { outcomeOf, outcomeOfGoal, outcomeOfPrompt, waitingHandlers } from "./waiting.ts";

const session = (state: string, more: object = {}): Session =>
  ({
    status: { state },
    turn: null,
    lastTurn: null,
    queued: 0,
    deletedAt: null,
    ...more,
  }) as unknown as Session;

describe("for someone who waits, a session", () => {
  test.each([
    ["is done when it is idle with nothing left", session("idle"), "done"],
    ["is done when it was stopped with nothing left", session("stopped"), "done"],
    ["is at work while a turn runs", session("working", { turn: {} }), "working"],
    ["is at work while prompts wait for its start", session("starting", { queued: 1 }), "working"],
    [
      "waits when it was stopped with prompts in its queue",
      session("stopped", { queued: 1 }),
      "waiting",
    ],
    ["is at work while it starts", session("starting"), "working"],
    ["waits when a person is needed", session("waiting", { turn: {} }), "waiting"],
    [
      "has failed when its agent died, whatever is queued",
      session("failed", { queued: 1 }),
      "failed",
    ],
    ["has failed when its agent is lost", session("lost"), "failed"],
    [
      "has failed when its last turn failed",
      session("idle", { lastTurn: { outcome: "failed" } }),
      "failed",
    ],
    [
      "is done when its last turn was interrupted",
      session("idle", { lastTurn: { outcome: "interrupted" } }),
      "done",
    ],
    ["has failed when it was deleted", session("stopped", { deletedAt: "x" }), "failed"],
  ] as const)("%s", (_title, one, outcome) => {
    expect(outcomeOf(one)).toBe(outcome);
  });
});

describe("for someone who waits for a prompt, what counts is its own turn", () => {
  const ours = (outcome: Turn["outcome"]) => ({ prompt: "p", outcome }) as Turn;
  const state = (view: Session, queue: string[] = [], steers: string[] = []) => ({
    view,
    queue: queue.map((prompt) => ({ prompt, text: "", how: "queue" as const, by: "" })),
    steers: steers.map((prompt) => ({ prompt, text: "", by: "", taken: false })),
  });
  const asks = session("waiting", { turn: {}, queued: 1 });
  const other = { outcome: "failed" };
  test.each([
    ["ended well, and the next one asks for a person", state(asks, ["q"]), "completed", "done"],
    ["failed, and the next one is at work", state(session("working"), ["q"]), "failed", "failed"],
    ["was interrupted", state(session("idle")), "interrupted", "done"],
    ["runs", state(session("working", { turn: {} })), null, "working"],
    ["runs and asks for a person", state(asks), null, "waiting"],
  ] as const)("that %s", (_title, found, outcome, expected) => {
    expect(outcomeOfPrompt(found, "p", ours(outcome))).toBe(expected);
  });
  test.each([
    [
      "is queued behind a turn that failed",
      state(session("working", { queued: 1, turn: {}, lastTurn: other }), ["p"]),
      "working",
    ],
    ["is queued behind a turn that asks for a person", state(asks, ["p"]), "waiting"],
    [
      "is queued where the agent has died",
      state(session("failed", { queued: 1 }), ["p"]),
      "failed",
    ],
    ["was dropped", state(session("idle")), "failed"],
    ["steered the turn in progress", state(session("working", { turn: {} }), [], ["p"]), "working"],
  ] as const)("one that %s", (_title, found, expected) => {
    expect(outcomeOfPrompt(found, "p", null)).toBe(expected);
  });
});

describe("a sleeper", () => {
  test("wakes at a change of what it waits for, and at nothing else", async () => {
    const changes = makeChanges();
    let woken = false;
    const sleep = changes.next(["a", "b"], new AbortController().signal).then(() => (woken = true));
    changes.published(["c"]);
    await Promise.resolve();
    expect(woken).toBe(false);
    changes.published(["b"]);
    await sleep;
    expect(woken).toBe(true);
  });

  test("wakes when its signal aborts", async () => {
    const end = new AbortController();
    const sleep = makeChanges().next(["a"], end.signal);
    end.abort();
    await expect(sleep).resolves.toBeUndefined();
  });
});

describe("where what is waited for cannot be looked at, nobody sleeps on", () => {
  const id = `ses_${"0".repeat(26)}`;
  const caller = { scopes: TERMINAL_SCOPES.type } as unknown as Caller;

  /** A store that fails at the look behind the first sleep. */
  const failing = () => {
    const changes = makeChanges();
    const sleeps: Promise<void>[] = [];
    const view = { id, deletedAt: null, interface: "tui", status: { state: "starting" } };
    const row = async () => {
      if (sleeps.length > 0) throw new Error("no disk");
      return { state: JSON.stringify({ view, current: null }), owner: null };
    };
    const store = { row, receipt: async () => null };
    const deps = {
      store,
      engine: { receipts: makeReceipts(store) },
      changes: {
        ...changes,
        next: (...given: Parameters<typeof changes.next>) => {
          const sleep = changes.next(...given);
          sleeps.push(sleep);
          return sleep;
        },
      },
    } as unknown as OperationDeps;
    return { deps, sleeps };
  };

  test("for a session", async () => {
    const { deps, sleeps } = failing();
    const input = { sessions: [id], until: "all" as const, goal: false, timeoutMs: 600_000 };
    const { signal } = new AbortController();
    const waiting = waitingHandlers(deps)["sessions.wait"](input, caller, signal);
    await expect(waiting).rejects.toThrow("no disk");
    expect(await Promise.all(sleeps)).toHaveLength(1);
  });

  test("for the terminal of an agent that starts", async () => {
    const { deps, sleeps } = failing();
    const input = { session: id, columns: 80, rows: 24 };
    const { signal } = new AbortController();
    const opening = terminalHandlers(deps)["terminals.open"](input, caller, signal);
    await expect(opening).rejects.toThrow("no disk");
    expect(await Promise.all(sleeps)).toHaveLength(1);
  });
});

describe("for someone who waits for its goal, a session", () => {
  const idle = { turn: null, lastTurn: null };
  test.each([
    ["is done when it is complete", "idle", "complete", "done"],
    ["waits for a person when it is blocked", "idle", "blocked", "waiting"],
    ["waits for a person when it is paused", "working", "paused", "waiting"],
    ["has failed when its budget is spent", "idle", "budget", "failed"],
    ["has failed when it has had its turns", "idle", "limit", "failed"],
    ["is at work while it is pursued, between turns too", "idle", "active", "working"],
    ["waits when a person is needed", "waiting", "active", "waiting"],
    ["has failed when its agent died", "failed", "active", "failed"],
  ])("%s", (_title, state, goal, outcome) => {
    expect(outcomeOfGoal(session(state, { ...idle, goal: { state: goal } }))).toBe(outcome);
  });

  test("is refused when it has none", () => {
    expect(() => outcomeOfGoal(session("idle", { goal: null, name: "fizz-top" }))).toThrow(
      "fizz-top has no goal.",
    );
  });
});
