import { adapterFailure } from "@skein/sdk";
import { describe, expect, test } from "vitest";
import { brief, effect, prompt, settle, setUp } from "./testkit/kit.ts";

describe("an effect", () => {
  test("is leased before the deed and settled after it", async () => {
    const { effects, done } = setUp();
    effects.offer([effect({ kind: "agent.start", how: "new", forkFrom: null })]);
    await settle();
    expect(done).toEqual(["lease eff_1", "start", "settle eff_1"]);
  });

  test("of a generation that is over is retired, not done", async () => {
    const { effects, done } = setUp({ generation: 2 });
    effects.offer([prompt("eff_1")]);
    await settle();
    expect(done).toEqual(["lease eff_1", "settle eff_1"]);
  });

  test("that a dead daemon had leased is done again without a second lease", async () => {
    const { effects, done } = setUp();
    await effects.restore([], [{ effect: prompt("eff_1"), leased: true }]);
    await settle();
    expect(done).toEqual(["attach", "prompt", "settle eff_1"]);
  });

  test("waits for those before it in its session", async () => {
    const first = Promise.withResolvers<void>();
    const { effects, done } = setUp({}, { start: () => first.promise });
    effects.offer([effect({ kind: "agent.start", how: "new", forkFrom: null }), prompt("eff_2")]);
    await settle();
    expect(done).toEqual(["lease eff_1"]);
    first.resolve();
    await settle();
    expect(done).toEqual(["lease eff_1", "settle eff_1", "lease eff_2", "prompt", "settle eff_2"]);
  });

  test("that stops the agent overtakes a start that hangs", async () => {
    const { effects, done } = setUp({}, { start: () => new Promise(() => {}) });
    effects.offer([effect({ kind: "agent.start", how: "new", forkFrom: null })]);
    await settle();
    effects.offer([effect({ kind: "agent.stop", force: false }, "eff_2")]);
    await settle();
    expect(done).toContain("stop");
  });

  test("that steers too late becomes an ordinary prompt", async () => {
    const late = adapterFailure("the turn is over", {
      kind: "unavailable",
      code: "no_turn",
      remedy: "",
      retryable: false,
    });
    const { effects, done } = setUp({}, { steer: () => Promise.reject(late) });
    effects.offer([effect({ kind: "agent.steer", turn: "t", prompt: "p", text: "x" })]);
    await settle();
    expect(done).toEqual(["lease eff_1", "attach", "requeue", "settle eff_1"]);
  });
});

describe("a deed that fails", () => {
  const refused = adapterFailure("no", {
    kind: "protocol",
    code: "backend_unavailable",
    remedy: "r",
    retryable: false,
  });
  const gone = adapterFailure("no", { ...refused.failure, kind: "unavailable" });

  test("ends the turn of a prompt that the living agent would not take", async () => {
    const { effects, facts } = setUp({}, { prompt: () => Promise.reject(refused) });
    effects.offer([prompt("eff_1")]);
    await settle();
    expect(facts).toEqual(["turn-ended"]);
  });

  test("is left to the agent's own end when the agent is gone", async () => {
    const { effects, facts } = setUp({}, { prompt: () => Promise.reject(gone) });
    effects.offer([prompt("eff_1")]);
    await settle();
    expect(facts).toEqual([]);
  });

  test("is a failed start when it was the start", async () => {
    const { effects, facts, done } = setUp({}, { start: () => Promise.reject(new Error("bug")) });
    effects.offer([effect({ kind: "agent.start", how: "new", forkFrom: null })]);
    await settle();
    expect(facts).toEqual(["start-failed"]);
    expect(done).toContain("settle eff_1");
  });

  test("hands a steer whose process is gone back to the queue", async () => {
    const { effects, done } = setUp({ generation: 2 });
    effects.offer([effect({ kind: "agent.steer", turn: "t", prompt: "p", text: "x" })]);
    await settle();
    expect(done).toEqual(["lease eff_1", "requeue", "settle eff_1"]);
  });
});

describe("a daemon that is back", () => {
  test("takes its agents in hand before anything else is done for them", async () => {
    const attached = Promise.withResolvers<"alive">();
    const { effects, done } = setUp({}, { attach: () => attached.promise });
    const restored = effects.restore([brief.id], []);
    effects.offer([prompt("eff_1")]);
    await settle();
    expect(done).toEqual([]);
    attached.resolve("alive");
    await restored;
    await settle();
    expect(done).toEqual(["lease eff_1", "prompt", "settle eff_1"]);
  });

  test("leaves an agent whose start is not finished to that start", async () => {
    const { effects, done } = setUp({ process: "starting" });
    const start = effect({ kind: "agent.start", how: "new", forkFrom: null });
    await effects.restore([brief.id], [{ effect: start, leased: true }]);
    await settle();
    expect(done).toEqual(["start", "settle eff_1"]);
  });
});

test("an agent whose end is recorded is let go, and its spool removed", async () => {
  const { effects, done, facts, report } = setUp();
  effects.offer([prompt("eff_1")]);
  await settle();
  await report({
    facts: [
      { fact: "exited", exitCode: 0, signal: null, expected: true, unwitnessed: false, reason: "" },
    ],
  });
  await settle();
  expect(facts).toEqual(["exited"]);
  expect(done.slice(-2)).toEqual(["detach", "remove ses_1/1"]);
});
