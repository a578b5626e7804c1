/** A host that does not answer: nothing there fails, nothing is timed out, and all of it goes on when it is back. */
import { adapterFailure, type BackendContext } from "@skein/sdk";
import { describe, expect, test } from "vitest";
import { brief, effect, prompt, settle, setUp } from "./testkit/kit.ts";

const cut = () =>
  adapterFailure("cloud does not answer.", {
    kind: "unavailable",
    code: "host_unreachable",
    remedy: "Look at its network.",
    retryable: true,
  });
const forgotten = () =>
  adapterFailure("There is no host cloud.", {
    kind: "unavailable",
    code: "host_unknown",
    remedy: "Add it again.",
    retryable: false,
  });
const away = {
  state: "unreachable",
  since: "2026-03-01T08:00:00.000Z",
  reason: "cut",
  remedy: null,
} as const;
const back = { state: "reachable" } as const;
const start = effect({ kind: "agent.start", how: "new", forkFrom: null });
const stop = effect({ kind: "agent.stop", force: false });
const removal = effect({ kind: "agent.remove" });

/** Rejects until it is told to be there. */
const link = () => {
  const now = { up: false, calls: 0 };
  const reachable = async (): Promise<void> => {
    now.calls++;
    if (!now.up) throw cut();
  };
  return { now, reachable };
};

const context = { log: () => {} } as unknown as BackendContext;

describe("what is to be done on a host that does not answer", () => {
  test("waits, whichever deed finds that out, and is done as soon as the host is back", async () => {
    const { now, reachable } = link();
    const { effects, done, facts } = setUp(
      { process: "starting" },
      { start: reachable, detach: async () => undefined },
    );
    effects.offer([start]);
    await settle();
    expect(now.calls).toBe(1);
    expect(done).toEqual(["lease eff_1"]);
    now.up = true;
    effects.reached("local", back);
    await settle();
    await settle();
    expect(now.calls).toBe(2);
    expect(done).toEqual(["lease eff_1", "settle eff_1"]);
    expect(facts).not.toContain("start-failed");
  });

  test("is looked at again though nobody says that it is back", async () => {
    const { now, reachable } = link();
    const { effects, done, clock } = setUp({}, { stop: reachable });
    effects.offer([stop]);
    await settle();
    now.up = true;
    clock.pass(5_000);
    await settle();
    await settle();
    expect(now.calls).toBe(2);
    expect(done).toContain("settle eff_1");
  });

  test("waits also where its agent cannot even be taken in hand, and says so of the session, once", async () => {
    const { now, reachable } = link();
    const { effects, done, facts, logged } = setUp(
      { unreachable: false },
      {},
      {},
      { backend: () => reachable().then(() => context) },
    );
    effects.offer([stop]);
    await settle();
    expect(facts).toEqual(["unreachable"]);
    expect(done).toEqual(["lease eff_1"]);
    expect(logged.filter(({ level }) => level !== "info")).toEqual([]);
    now.up = true;
    effects.reached("local", back);
    await settle();
    await settle();
    expect(done).toEqual(["lease eff_1", "stop", "settle eff_1"]);
  });

  test("waits also when it is the removal of what lies there", async () => {
    const { now, reachable } = link();
    const { effects, done } = setUp({ process: "none" }, {}, {}, { remove: reachable });
    effects.offer([removal]);
    await settle();
    expect(done).toEqual(["lease eff_1"]);
    now.up = true;
    effects.reached("local", back);
    await settle();
    await settle();
    expect(done).toEqual(["lease eff_1", "settle eff_1"]);
  });
});

describe("a host that goes and comes back", () => {
  test("is told of every session that has a process there, in hand or not", async () => {
    const { effects, facts } = setUp({ unreachable: false }, { attach: async () => "unknown" });
    await effects.restore([brief.id], []);
    effects.reached("elsewhere", away);
    await settle();
    expect(facts).toEqual([]);
    effects.reached("local", away);
    await settle();
    expect(facts).toEqual(["unreachable"]);
  });

  test("is out of reach for another reason: that one is told, while a try that fails tells nothing anew", async () => {
    const { now, reachable } = link();
    const reasons: string[] = [];
    const { effects, clock } = setUp(
      { unreachable: true },
      {},
      {
        observe: async (_session, _backend, _generation, { facts }) =>
          void reasons.push(
            ...facts.map((one) => ("reason" in one ? String(one.reason) : one.fact)),
          ),
      },
      { backend: () => reachable().then(() => context) },
    );
    effects.offer([stop]);
    await settle();
    clock.pass(5_000);
    await settle();
    await settle();
    expect(now.calls).toBe(2);
    expect(reasons).toEqual([]);
    void effects.restore([brief.id], []);
    effects.reached("local", { ...away, reason: "its key has changed" });
    await settle();
    expect(reasons).toEqual(["its key has changed"]);
  });

  test("takes time away from nobody: no tick while it is gone, and all of it anew after that", async () => {
    const { effects, done, clock } = setUp({ unreachable: true });
    await effects.restore([brief.id], []);
    await settle();
    effects.reached("local", away);
    await settle();
    clock.pass(600_000);
    effects.tick();
    await settle();
    expect(done.filter((one) => one.startsWith("tick"))).toEqual([]);
    effects.reached("local", back);
    await settle();
    clock.pass(7_000);
    effects.tick();
    await settle();
    expect(done.filter((one) => one.startsWith("tick"))).toEqual(["tick ses_1 7000"]);
  });

  test("is said to be back of an agent once that is in hand", async () => {
    let attempts = 0;
    const { effects, facts } = setUp(
      { unreachable: true },
      { attach: async () => (attempts++ === 0 ? "unknown" : "alive") },
    );
    await effects.restore([brief.id], []);
    expect(facts).toEqual([]);
    effects.reached("local", back);
    await settle();
    await settle();
    expect(attempts).toBe(2);
    expect(facts).toEqual(["reachable"]);
  });
});

describe("a host that is forgotten", () => {
  test("has its agents let go of, none ended", async () => {
    const { effects, done } = setUp();
    await effects.restore([brief.id], []);
    await effects.forsake("local");
    expect(done).toEqual(["attach", "detach"]);
  });

  test("starts nothing: that is told as a failed start, and not tried for ever", async () => {
    let process: "starting" | "none" = "starting";
    const { effects, facts, done } = setUp(
      {},
      {},
      {
        brief: async () => ({ ...brief, process }),
        observe: async (_session, _backend, _generation, told) => {
          facts.push(...told.facts.map((one) => one.fact));
          process = "none";
        },
      },
      { backend: () => Promise.reject(forgotten()) },
    );
    effects.offer([start]);
    await settle();
    expect(facts).toEqual(["start-failed"]);
    expect(done).toEqual(["lease eff_1", "settle eff_1"]);
  });
});

test("a prompt that meets a cut link is given when the link is back", async () => {
  const { now, reachable } = link();
  const { effects, done, facts } = setUp({}, { prompt: reachable });
  effects.offer([prompt("eff_1")]);
  await settle();
  now.up = true;
  effects.reached("local", back);
  await settle();
  await settle();
  expect(now.calls).toBe(2);
  expect(facts).not.toContain("turn-ended");
  expect(done).toContain("settle eff_1");
});
