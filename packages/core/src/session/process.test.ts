import { describe, expect, test } from "vitest";
import {
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

  test("by its own means is told as such, and the next prompt starts it again", () => {
    const life = idleLife();
    life.facts(exited({ expected: true, exitCode: 0, reason: "It was ended at its terminal." }));
    expect(life.status()).toMatchObject({
      state: "stopped",
      reason: "It was ended at its terminal.",
    });
    life.send("one");
    life.facts(started());
    expect(life.given()).toEqual(["one"]);
  });

  test("by its own means while a prompt is on its way: that starts it again", () => {
    const life = idleLife();
    life.send("one");
    life.facts(gone);
    expect(life.doing()).toBe("starting");
    life.facts(started());
    expect(life.given()).toEqual(["one", "one"]);
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

describe("an agent that dies", () => {
  const fork = { session: "ses_00000000000000000000000009", providerSessionId: "vendor-0" };

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

  test.each([
    ["goes on with its conversation", "vendor-1", null, /resumes the conversation/],
    ["begins with the forked one, of a fork that has none yet", null, fork, /was forked/],
    ["knows nothing of it, where it has none", null, null, /starts anew, and knows nothing/],
  ])(
    "is said to be one that %s when it is sent to again",
    (_title, providerSessionId, from, said) => {
      const life = makeLife();
      life.create({ fork: from });
      life.facts(started({ providerSessionId }));
      life.send("one");
      life.accept();
      life.facts(exited());
      expect(life.view().lastTurn?.error?.remedy).toMatch(said);
    },
  );

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
    const since = life.status().since;
    expect(life.view().unreachable).toBe(since);
    life.send("two");
    life.interrupt();
    expect(life.status().reason).toBe("unreachable: the link is cut");
    life.facts({ ...away, reason: "no route" });
    expect(life.status().reason).toBe("unreachable: no route");
    expect(life.view().unreachable).toBe(since);
    life.facts(message("m1"));
    expect(life.view().unreachable).toBeNull();
    expect(life.status()).toMatchObject({ reason: "the turn is being interrupted" });
  });

  test("is given its next prompt when it is back, and not before", () => {
    const life = idleLife();
    life.facts(away);
    expect(life.send("two").delivery).toBe("queued");
    life.resume();
    expect(life.given()).toEqual([]);
    expect(life.view().queued).toBe(1);
    life.facts({ fact: "reachable" });
    expect(life.given()).toEqual(["two"]);
    expect(life.status()).toMatchObject({ state: "working", reason: "a turn is running" });
  });

  test("that someone wants stopped says so, and is stopped once it is back", () => {
    const life = idleLife();
    life.facts(away);
    life.stop();
    expect(life.effects("agent.stop").length).toBe(1);
    expect(life.status().reason).toBe(
      "it is stopped as soon as its host answers; unreachable: the link is cut",
    );
    life.facts({ ...away, reason: "no route" });
    expect(life.status().reason).toMatch(/^it is stopped.* unreachable: no route$/);
    life.facts({ fact: "reachable" }, exited({ expected: true }));
    expect(life.doing()).toBe("stopped");
    expect(life.view().unreachable).toBeNull();
  });

  test("that was deleted is out of reach no longer than it lives", () => {
    const life = idleLife();
    life.facts(away);
    life.remove();
    expect(life.view().unreachable).not.toBeNull();
    expect(life.status().reason).toBe(
      "deleted; its agent is ended as soon as its host answers; unreachable: the link is cut",
    );
    life.facts(exited({ expected: true }));
    expect(life.view().unreachable).toBeNull();
  });

  test("whose host is forgotten is lost, what waits for it stays, and its late words are refused", () => {
    const life = workingLife();
    life.facts(away);
    life.send("two");
    life.abandon("the host cloud was removed");
    expect(life.doing()).toBe("lost");
    expect(life.status().reason).toMatch(/^the host cloud was removed; what is queued waits/);
    expect(life.view()).toMatchObject({ queued: 1, unreachable: null, turn: null });
    expect(life.observe([message("late")]).ok).toBe(false);
    expect(life.effects("agent.start").length).toBe(1);
    // Nothing is left to forget.
    expect(life.abandon("again").events).toEqual([]);
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

describe("a program that is only looked at", () => {
  const program = { argv: ["repl"], quietMs: 2_000, ready: "^> ?$" };
  const asked = () => {
    const life = makeLife();
    life.create({ program });
    life.facts(started());
    life.send("one");
    life.accept();
    life.pass(1_000);
    return life;
  };
  const stalled = (reason: string | null) => ({ fact: "stalled", reason }) as const;

  test("says from the beginning what its turn is waited for to show", () => {
    expect(asked().status().reason).toBe("a turn is running until its last line matches ^> ?$");
  });

  test("says that it stands still until it gets on, whatever people do meanwhile", () => {
    const life = asked();
    life.facts(stalled("its last line is: >>>"));
    const quiet = "quiet, and not done: its last line is: >>>";
    expect(life.status()).toMatchObject({ state: "working", reason: quiet });
    life.send("two");
    life.facts(message("m1"));
    expect(life.status().reason).toBe(quiet);
    life.tick(120_000);
    expect(life.status().reason).toBe(`no word from the agent for 120 s; ${quiet}`);
    life.facts(stalled(null));
    expect(life.status().reason).toMatch(/^a turn is running until/);
  });

  test("has that of one turn only, and not beside what weighs more", () => {
    const life = asked();
    life.send("two");
    life.facts(stalled("hm"));
    life.pass(1_000);
    life.finish();
    expect(life.given()).toEqual(["one", "two"]);
    expect(life.status().reason).toMatch(/^a turn is running until/);
    life.accept();
    life.interrupt();
    life.facts(stalled("hm"));
    expect(life.status().reason).toBe("the turn is being interrupted");
    life.finish({ outcome: "interrupted" });
    life.facts(stalled("hm"));
    expect(life.doing()).toBe("idle");
  });
});
