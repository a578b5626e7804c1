import { describe, expect, test } from "vitest";
import {
  asks,
  command,
  exited,
  idleLife,
  makeLife,
  message,
  started,
  workingLife,
} from "./testkit/life.ts";

const MINUTE = 60_000;
const gone = exited({ expected: true, exitCode: 0, reason: "it was stopped" });

describe("an idle session", () => {
  test("is stopped after its time, and says so", () => {
    const life = idleLife();
    expect(life.tick(29 * MINUTE).effects).toEqual([]);
    expect(life.tick(MINUTE).effects).toMatchObject([{ kind: "agent.stop", force: false }]);
    life.facts(gone);
    expect(life.status()).toMatchObject({
      state: "stopped",
      reason: "stopped after idle time; the next prompt starts it again",
    });
    expect(life.events("session.process.stopping")).toMatchObject([{ why: "idle" }]);
  });

  test("is not stopped when that is off", () => {
    expect(idleLife().tick(1000 * MINUTE, { idleMs: 0 }).effects).toEqual([]);
  });

  test("is not stopped when it is a program in a terminal, which would forget everything", () => {
    const life = makeLife();
    life.create({ program: { argv: ["aider"], quietMs: 2_000 } });
    life.facts(started());
    expect(life.doing()).toBe("idle");
    expect(life.tick(60 * MINUTE).effects).toEqual([]);
  });

  test("is not stopped while it waits for a person", () => {
    const life = idleLife();
    life.facts(asks("r1"));
    expect(life.doing()).toBe("waiting for approval");
    expect(life.tick(60 * MINUTE).effects).toEqual([]);
    const held = workingLife();
    held.finish({ outcome: "failed", error: { kind: "login", message: "no", remedy: "" } });
    expect(held.tick(60 * MINUTE).effects).toEqual([]);
  });

  test("that was resumed after a long time is not stopped at once", () => {
    const life = idleLife();
    life.stop();
    life.facts(gone);
    life.pass(600 * MINUTE);
    life.resume();
    life.facts(started());
    expect(life.tick(MINUTE).effects).toEqual([]);
    expect(life.tick(30 * MINUTE).effects.length).toBe(1);
  });

  test("that still speaks is not stopped", () => {
    const life = idleLife();
    life.pass(40 * MINUTE);
    expect(life.tick(0, { heardAt: life.now() }).effects).toEqual([]);
  });

  test("that gets a prompt while it is being put to sleep wakes up again", () => {
    const life = idleLife();
    life.tick(30 * MINUTE);
    life.send("one");
    life.facts(gone, started());
    expect(life.doing()).toBe("starting");
    life.facts(started());
    expect(life.given()).toEqual(["one"]);
  });
});

describe("a silent turn", () => {
  const limit = 30 * MINUTE;

  test("is told of, and goes on as if nothing was when the agent speaks", () => {
    const life = workingLife();
    expect(life.tick(119_000).events).toEqual([]);
    life.tick(1_000);
    expect(life.status()).toMatchObject({
      state: "working",
      reason: "no word from the agent for 120 s",
      source: "tick",
    });
    expect(life.tick(5_000).events).toEqual([]);
    life.facts(message("m1"));
    expect(life.status().reason).toBe("a turn is running");
    life.tick(120_000);
    expect(life.status().reason).toBe("no word from the agent for 120 s");
  });

  test("stays one, whoever sends or steers meanwhile: only the agent's own words count", () => {
    const life = workingLife();
    life.facts({ fact: "stalled", reason: "its last line is: bash$" });
    life.tick(60_000);
    life.send("two");
    life.send("by the way", "steer");
    life.tick(60_000);
    const told = "no word from the agent for 120 s; quiet, and not done: its last line is: bash$";
    expect(life.status().reason).toBe(told);
    life.send("three");
    expect(life.tick(5_000).events).toEqual([]);
    expect(life.status().reason).toBe(told);
    life.send("four");
    expect(life.tick(limit - 120_000).effects).toMatchObject([{ kind: "agent.stop" }]);
  });

  test("that is over leaves what was said of the turn", () => {
    const life = workingLife();
    life.facts({ fact: "stalled", reason: "its last line is: bash$" });
    life.tick(120_000);
    life.tick(5_000, { heardAt: life.now() });
    expect(life.status().reason).toBe("quiet, and not done: its last line is: bash$");
    life.facts({ fact: "stalled", reason: null });
    expect(life.status().reason).toBe("a turn is running");
  });

  test("begins when a person has answered, not when it was asked", () => {
    const life = workingLife();
    life.facts(asks("r1"));
    life.pass(600 * MINUTE);
    life.resolve(life.open()[0] ?? "", "allow");
    expect(life.tick(119_000).events).toEqual([]);
    expect(life.tick(1_000).events.length).toBe(1);
  });

  test("is over when words come that are not recorded", () => {
    const life = workingLife();
    life.tick(120_000);
    life.pass(5_000);
    const heardAt = life.now();
    life.tick(0, { heardAt });
    expect(life.status().reason).toBe("a turn is running");
    // As after a restart of the daemon, which counts from its own beginning.
    expect(life.tick(119_000, { heardAt }).events).toEqual([]);
    life.tick(1_000, { heardAt });
    expect(life.status().reason).toBe("no word from the agent for 120 s");
    expect(life.tick(5_000, { heardAt }).events).toEqual([]);
    expect(life.tick(limit - 125_000 - 1, { heardAt }).effects).toEqual([]);
    expect(life.tick(1, { heardAt }).effects).toMatchObject([{ kind: "agent.stop" }]);
  });

  test("is ended when it stays silent, and the process with it", () => {
    const life = workingLife();
    life.send("two");
    life.tick(120_000);
    expect(life.tick(limit - 120_000 - 1).effects).toEqual([]);
    expect(life.tick(1).effects).toMatchObject([{ kind: "agent.stop", force: true }]);
    expect(life.status().reason).toBe("the agent fell silent and is being ended");
    life.facts(exited({ signal: "SIGKILL" }));
    expect(life.view().lastTurn).toMatchObject({ outcome: "failed", error: { kind: "silent" } });
    expect(life.status()).toMatchObject({
      state: "failed",
      reason: "the agent fell silent and was ended; the next prompt starts it again",
    });
    life.send("three");
    life.facts(started());
    expect(life.given()).toEqual(["one", "two"]);
  });

  test("that an agent breaks off while it is being ended has failed all the same", () => {
    const life = workingLife();
    life.tick(120_000);
    life.tick(limit);
    life.finish({ outcome: "interrupted" });
    expect(life.view().lastTurn).toMatchObject({ outcome: "failed", error: { kind: "silent" } });
  });

  test("that ends well at the last moment is done", () => {
    const life = workingLife();
    life.tick(120_000);
    life.tick(limit);
    life.finish();
    expect(life.view().lastTurn).toMatchObject({ outcome: "completed", error: null });
  });

  test("that never took its prompt gives it back", () => {
    const life = idleLife();
    life.send("one");
    life.tick(120_000);
    life.tick(limit);
    life.facts(exited());
    expect(life.queue()).toEqual(["one"]);
    expect(life.doing()).toBe("failed");
  });

  test("of a machine that slept is told of first, and then has its time again", () => {
    const life = workingLife();
    expect(life.tick(600 * MINUTE).effects).toEqual([]);
    expect(life.tick(MINUTE).effects).toEqual([]);
    expect(life.tick(limit).effects.length).toBe(1);
  });

  test("may be: the agent waits for a person", () => {
    const life = workingLife();
    life.facts(asks("r1"));
    expect(life.tick(600 * MINUTE).events).toEqual([]);
  });

  test("may be: a command of this turn runs", () => {
    const life = workingLife();
    life.facts(command("c1", "running"));
    expect(life.tick(600 * MINUTE).events).toEqual([]);
    life.facts(command("c1", "done"));
    expect(life.tick(120_000).events.length).toBe(1);
  });

  test("may not be: only a command of an earlier time runs", () => {
    const life = idleLife();
    life.facts(command("c1", "running"));
    life.send("one");
    life.accept();
    expect(life.tick(120_000).events.length).toBe(1);
  });

  test("may not be: it was told to end, whatever it has open", () => {
    const life = workingLife();
    life.facts(command("c1", "running"), asks("r1"));
    life.interrupt();
    life.tick(120_000);
    expect(life.status().reason).toBe("no word from the agent for 120 s");
    expect(life.tick(120_000).effects).toMatchObject([{ kind: "agent.stop", force: true }]);
  });

  test("is nothing to anyone when that is off", () => {
    const off = { silenceMs: 0, silenceLimitMs: 0 };
    expect(workingLife().tick(600 * MINUTE, off).events).toEqual([]);
  });

  test("is ended without a word before when only that is wanted", () => {
    const life = workingLife();
    expect(life.tick(limit, { silenceMs: 0 }).effects.length).toBe(1);
  });

  test("stays a fault whoever stops or resumes it meanwhile", () => {
    const life = workingLife();
    life.tick(120_000);
    life.tick(limit);
    life.resume();
    life.stop();
    life.facts(exited());
    expect(life.view().lastTurn?.error?.kind).toBe("silent");
    expect(life.doing()).toBe("failed");
  });
});

describe("a start that comes to nothing", () => {
  const starting = () => {
    const life = makeLife();
    life.create();
    life.send("one");
    return life;
  };

  test("is given up after its time: its process is ended, and the session has failed", () => {
    const life = starting();
    expect(life.tick(59_999).effects).toEqual([]);
    expect(life.tick(1).effects).toMatchObject([{ kind: "agent.stop", force: true }]);
    expect(life.status()).toMatchObject({
      state: "starting",
      reason: "the agent did not get ready in time and is being ended",
    });
    life.facts(exited({ expected: true }));
    expect(life.status()).toMatchObject({
      state: "failed",
      reason: "the agent did not get ready in time and was ended; the next prompt starts it again",
    });
    expect(life.queue()).toEqual(["one"]);
  });

  test("has its time again from a daemon that was away, and from the next start", () => {
    const life = starting();
    expect(life.tick(600 * MINUTE, { heldMs: 5_000 }).effects).toEqual([]);
    life.facts(started(), exited());
    // It had not taken the prompt: it starts again.
    expect(life.doing()).toBe("starting");
    expect(life.tick(59_999).effects).toEqual([]);
  });

  test("is not ended while it is out of reach", () => {
    const life = starting();
    life.facts({ fact: "unreachable", reason: "cut" });
    expect(life.tick(600 * MINUTE).effects).toEqual([]);
  });
});

describe("a process that does not end", () => {
  const force = [{ kind: "agent.stop", force: true }];

  test("is told again, by force, more and more rarely", () => {
    const life = idleLife();
    life.stop();
    expect(life.tick(14_999).effects).toEqual([]);
    expect(life.tick(1).effects).toMatchObject(force);
    expect(life.tick(29_999).effects).toEqual([]);
    expect(life.tick(1).effects).toMatchObject(force);
    for (let times = 0; times < 20; times++) life.tick(15_000 * 2 ** times);
    expect(life.tick(128 * 15_000 - 1).effects).toEqual([]);
    expect(life.tick(1).effects).toMatchObject(force);
    life.facts(gone);
    expect(life.status()).toMatchObject({ state: "stopped", reason: "stopped on request" });
  });

  test("still starts again after that when it was asked to", () => {
    const life = idleLife();
    life.stop();
    life.send("one");
    life.tick(15_000);
    life.facts(gone, started());
    expect(life.doing()).toBe("starting");
  });

  test("is told again when its session was deleted, too", () => {
    const life = workingLife();
    life.remove();
    expect(life.tick(15_000).effects).toMatchObject(force);
    life.facts(gone);
    expect(life.tick(600_000).events).toEqual([]);
  });
});
