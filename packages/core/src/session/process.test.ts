import { describe, expect, test } from "vitest";
import {
  asks,
  command,
  exited,
  idleLife,
  makeLife,
  message,
  startFailed,
  started,
  workingLife,
} from "./testkit/life.ts";

const MINUTE = 60_000;
const gone = exited({ expected: true, exitCode: 0, reason: "it was stopped" });

describe("stopping", () => {
  test("ends the process gracefully, and then it is stopped", () => {
    const life = idleLife();
    life.stop();
    expect(life.effects("agent.stop")).toMatchObject([{ force: false, generation: 1 }]);
    expect(life.status()).toMatchObject({ state: "idle", reason: "the agent is being stopped" });
    life.facts(gone);
    expect(life.status()).toMatchObject({ state: "stopped", reason: "stopped on request" });
  });

  test("ends the turn in progress as interrupted, and the queue waits", () => {
    const life = workingLife();
    life.send("two");
    life.interrupt();
    life.stop();
    life.facts(gone);
    expect(life.view().lastTurn).toMatchObject({ outcome: "interrupted", error: null });
    // The prompt that came before the stop does not call the agent back.
    expect(life.status()).toMatchObject({
      state: "stopped",
      reason: "stopped on request; what is queued waits for `skein resume` or the next prompt",
    });
    expect(life.queue()).toEqual(["two"]);
    life.resume();
    life.facts(started());
    expect(life.given()).toEqual(["one", "two"]);
  });

  test("gives a prompt back to the queue that the agent had not taken", () => {
    const life = idleLife();
    life.send("one");
    life.stop();
    life.facts(gone);
    expect(life.queue()).toEqual(["one"]);
    expect(life.doing()).toBe("stopped");
  });

  test("lets the turn end first when the agent says so, and begins no other", () => {
    const life = workingLife();
    life.send("two");
    life.stop();
    life.finish({ outcome: "interrupted" });
    expect(life.given()).toEqual(["one"]);
    expect(life.status()).toMatchObject({ state: "idle", reason: "the agent is being stopped" });
    life.facts(gone);
    expect(life.doing()).toBe("stopped");
  });

  test("twice is once", () => {
    const life = idleLife();
    life.stop();
    life.stop();
    expect(life.effects("agent.stop").length).toBe(1);
  });

  test("an agent that is just starting is enough, however its start ends", () => {
    for (const end of [gone, startFailed()]) {
      const life = makeLife();
      life.create();
      life.stop();
      expect(life.status().reason).toBe("the agent is being stopped");
      life.facts(started({ providerSessionId: "v" }));
      expect(life.events("session.process.started")).toEqual([]);
      life.facts(end);
      expect(life.status()).toMatchObject({ state: "stopped", reason: "stopped on request" });
    }
  });

  test("a session that failed makes it stopped", () => {
    const life = idleLife();
    life.facts(exited());
    life.stop();
    expect(life.doing()).toBe("stopped");
    expect(life.effects("agent.stop")).toEqual([]);
  });
});

describe("waking", () => {
  test("a stopped session by a prompt resumes the conversation in a new generation", () => {
    const life = idleLife();
    life.stop();
    life.facts(gone);
    expect(life.send("one").delivery).toBe("queued");
    expect(life.effects("agent.start").at(-1)).toMatchObject({ how: "resume", generation: 2 });
    life.facts(started());
    expect(life.given()).toEqual(["one"]);
  });

  test.each(["failed", "lost"] as const)("a %s session by a prompt starts it again", (state) => {
    const life = idleLife();
    life.facts(exited({ unwitnessed: state === "lost" }));
    expect(life.doing()).toBe(state);
    life.send("one");
    expect(life.doing()).toBe("starting");
    expect(life.effects("agent.start").length).toBe(2);
  });

  test("by a prompt while it is being stopped starts it again after that", () => {
    const life = idleLife();
    life.stop();
    life.send("one");
    expect(life.status().reason).toBe("the agent is being stopped, and starts again after that");
    expect(life.effects("agent.start").length).toBe(1);
    life.facts(gone);
    expect(life.doing()).toBe("starting");
    life.facts(started());
    expect(life.given()).toEqual(["one"]);
  });

  test("by `resume` while it is being stopped starts it again after that, with nothing to do, too", () => {
    const life = idleLife();
    life.stop();
    life.resume();
    life.resume();
    life.facts(gone);
    expect(life.doing()).toBe("starting");
    expect(life.effects("agent.start").length).toBe(2);
  });

  test("works when the start that was to be stopped fails instead", () => {
    const life = makeLife();
    life.create();
    life.stop();
    life.send("one");
    life.facts(startFailed());
    expect(life.doing()).toBe("starting");
    expect(life.effects("agent.start").length).toBe(2);
  });

  test("is taken back by a stop that comes after it", () => {
    const life = idleLife();
    life.stop();
    life.send("one");
    life.stop();
    life.facts(gone);
    expect(life.doing()).toBe("stopped");
    expect(life.queue()).toEqual(["one"]);
    expect(life.effects("agent.stop").length).toBe(1);
  });

  test("`resume` of a running session changes nothing", () => {
    const life = workingLife();
    const told = life.all().length;
    life.resume();
    expect(life.all().length).toBe(told);
  });
});

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

describe("an agent that dies", () => {
  test("in the middle of a turn has failed it, and the queue waits for a person", () => {
    const life = workingLife();
    life.send("two");
    life.facts(exited());
    expect(life.view().lastTurn).toMatchObject({
      outcome: "failed",
      error: { kind: "agent", message: "it crashed" },
    });
    expect(life.status()).toMatchObject({
      state: "failed",
      reason: "it crashed; what is queued waits for `skein resume` or the next prompt",
    });
    expect(life.given()).toEqual(["one"]);
    life.resume();
    life.facts(started());
    expect(life.given()).toEqual(["one", "two"]);
  });

  test("before it took the prompt gets it again in its next life", () => {
    const life = idleLife();
    life.send("one");
    life.send("two");
    life.facts(exited());
    expect(life.doing()).toBe("starting");
    expect(life.queue()).toEqual(["one", "two"]);
    life.facts(started());
    life.accept();
    life.finish();
    expect(life.given()).toEqual(["one", "one", "two"]);
    expect(life.view().turns).toBe(3);
  });

  test("again and again before it took the prompt is left alone after three starts", () => {
    const life = idleLife();
    life.send("one");
    life.facts(exited());
    life.facts(started());
    life.facts(exited());
    life.facts(started());
    expect(life.given().length).toBe(3);
    life.facts(exited());
    expect(life.status()).toMatchObject({
      state: "failed",
      reason:
        "it crashed (3 times in a row); what is queued waits for `skein resume` or the next prompt",
    });
    expect(life.queue()).toEqual(["one"]);
    // A person's wish is one more try, and no new loop.
    life.resume();
    life.facts(started());
    life.facts(exited());
    expect(life.doing()).toBe("failed");
    expect(life.given().length).toBe(4);
  });

  test("now and then, with work done in between, is started again each time", () => {
    const life = idleLife();
    for (let round = 0; round < 5; round++) {
      life.send("x");
      life.facts(exited());
      life.facts(started());
      life.accept();
      life.finish();
    }
    expect(life.doing()).toBe("idle");
    expect(life.effects("agent.start").length).toBe(6);
  });

  test("unseen is lost, where one that was seen to die has failed", () => {
    const life = workingLife();
    life.facts(exited({ unwitnessed: true, reason: "the machine was restarted" }));
    expect(life.status()).toMatchObject({ state: "lost", reason: "the machine was restarted" });
    expect(life.view().lastTurn?.outcome).toBe("failed");
  });

  test("unseen before it took the prompt gets it again", () => {
    const life = idleLife();
    life.send("one");
    life.facts(exited({ unwitnessed: true }));
    expect(life.doing()).toBe("starting");
    expect(life.queue()).toEqual(["one"]);
  });

  test("unseen while it was being stopped was stopped", () => {
    const life = workingLife();
    life.stop();
    life.facts(exited({ unwitnessed: true }));
    expect(life.doing()).toBe("stopped");
  });
});

describe("words of a generation that is over", () => {
  test("are refused", () => {
    const life = idleLife();
    life.send("one");
    life.facts(exited(), message("late"));
    expect(life.items()).toEqual([]);
    expect(life.observe([message("late")], 1)).toMatchObject({
      ok: false,
      problem: { code: "invalid_input" },
    });
    expect(life.observe([message("early")], 3)).toMatchObject({ ok: false });
  });

  test("are refused when no process lives", () => {
    const life = idleLife();
    life.facts(exited());
    expect(life.observe([message("late")], 1)).toMatchObject({ ok: false });
  });
});

describe("an agent out of reach", () => {
  const away = { fact: "unreachable", reason: "the link is cut" } as const;

  test("stays what it was, with the reason, until it is heard again", () => {
    const life = workingLife();
    life.facts(away);
    expect(life.status()).toMatchObject({
      state: "working",
      reason: "unreachable: the link is cut",
      source: "process",
    });
    life.send("two");
    life.interrupt();
    expect(life.status().reason).toBe("unreachable: the link is cut");
    life.facts(message("m1"));
    expect(life.status()).toMatchObject({ reason: "the turn is being interrupted" });
  });

  test("is back when it is adopted again", () => {
    const life = idleLife();
    life.facts(away);
    life.facts(started({ adopted: true }));
    expect(life.status()).toMatchObject({ state: "idle", reason: "ready for a prompt" });
  });

  test("is neither put to sleep nor ended for its silence", () => {
    const idle = idleLife();
    idle.facts(away);
    expect(idle.tick(600 * MINUTE).events).toEqual([]);
    const working = workingLife();
    working.facts(away);
    expect(working.tick(600 * MINUTE).events).toEqual([]);
  });

  test("is as dead as any other once that is known", () => {
    const life = workingLife();
    life.facts(away, exited({ unwitnessed: true }));
    expect(life.doing()).toBe("lost");
    life.resume();
    expect(life.status().reason).toBe("the agent starts again");
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

  test("is over when words come that are not recorded", () => {
    const life = workingLife();
    life.tick(120_000);
    life.pass(5_000);
    life.tick(0, { heardAt: life.now() });
    expect(life.status().reason).toBe("a turn is running");
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
