import { describe, expect, test } from "vitest";
import { exited, idleLife, message, started, workingLife } from "./testkit/life.ts";

const can = { steer: true, fork: true, resume: true, questions: true };
const noSteer = { steer: false, fork: true, resume: true, questions: true };

describe("prompts", () => {
  test("are given one at a time, in their order", () => {
    const life = idleLife();
    expect(life.send("one").delivery).toBe("started");
    expect(life.send("two").delivery).toBe("queued");
    expect(life.send("three").delivery).toBe("queued");
    expect(life.given()).toEqual(["one"]);
    for (const so of [
      ["one", "two"],
      ["one", "two", "three"],
    ]) {
      life.accept();
      life.finish();
      expect(life.given()).toEqual(so);
    }
    life.accept();
    life.finish();
    expect(life.doing()).toBe("idle");
    expect(life.view().turns).toBe(3);
  });

  test("go on after a turn that failed for a reason of its own", () => {
    const life = workingLife();
    life.send("two");
    life.finish({
      outcome: "failed",
      error: { kind: "api", message: "overloaded", remedy: "" },
    });
    expect(life.given()).toEqual(["one", "two"]);
  });

  test("beyond the limit are refused", () => {
    const life = workingLife();
    const send = {
      type: "send",
      text: "x",
      how: "queue",
      capabilities: noSteer,
      queueBytes: 99,
    } as const;
    expect(life.refusal({ ...send, queueLimit: 1 })).toBe(null);
    expect(life.refusal({ ...send, queueLimit: 1 })).toBe("queue_full");
  });

  test("stand in the transcript once the agent has taken them, whether it echoes them or not", () => {
    const life = idleLife();
    const { prompt } = life.send("one");
    expect(life.items()).toEqual([]);
    life.accept();
    life.facts({
      fact: "item",
      id: prompt,
      body: { kind: "user", text: "one", how: "queue" },
      truncated: false,
    });
    expect(life.items()).toMatchObject([{ id: prompt, body: { kind: "user", text: "one" } }]);
    expect(life.events("session.item").length).toBe(1);
  });
});

describe("steering", () => {
  test("is refused where the backend cannot", () => {
    const life = workingLife();
    const send = { type: "send", text: "x", how: "steer", queueLimit: 9, queueBytes: 99 } as const;
    expect(life.refusal({ ...send, capabilities: noSteer })).toBe("steer_unsupported");
  });

  test("goes to the turn in progress", () => {
    const life = workingLife();
    const { prompt, delivery } = life.send("careful", "steer");
    expect(delivery).toBe("steered");
    expect(life.effects("agent.steer")).toMatchObject([
      { prompt, text: "careful", turn: life.turn() },
    ]);
    expect(life.queue()).toEqual([]);
  });

  test("without a turn is an ordinary prompt", () => {
    const life = idleLife();
    expect(life.send("one", "steer").delivery).toBe("started");
    expect(life.given()).toEqual(["one"]);
  });

  test("of a turn that the agent has not taken yet, or is ending, waits its turn", () => {
    const life = idleLife();
    life.send("one");
    expect(life.send("two", "steer").delivery).toBe("queued");
    life.accept();
    life.interrupt();
    expect(life.send("three", "steer").delivery).toBe("queued");
    expect(life.effects("agent.steer")).toEqual([]);
  });

  test("that came too late becomes an ordinary prompt, once", () => {
    const life = workingLife();
    life.as("ann");
    const { prompt } = life.send("careful", "steer");
    life.as("skein");
    life.finish();
    life.requeue(prompt, "careful");
    life.requeue(prompt, "careful");
    expect(life.given()).toEqual(["one", "careful"]);
    expect(life.events("session.prompt.queued").at(-1)).toMatchObject({ prompt, by: "ann" });
    life.accept();
    life.finish();
    life.requeue(prompt, "careful");
    expect(life.given()).toEqual(["one", "careful"]);
    expect(life.doing()).toBe("idle");
  });

  test("that came too late does not call back an agent that was stopped", () => {
    const life = workingLife();
    const { prompt } = life.send("careful", "steer");
    life.stop();
    life.requeue(prompt, "careful");
    life.facts(exited({ expected: true }));
    expect(life.doing()).toBe("stopped");
    expect(life.queue()).toEqual(["careful"]);
    life.resume();
    life.facts(started());
    expect(life.given()).toEqual(["one", "careful"]);
  });

  test("that came too late does not call back an agent that has died", () => {
    const life = workingLife();
    const { prompt } = life.send("careful", "steer");
    life.facts(exited());
    life.requeue(prompt, "careful");
    expect(life.doing()).toBe("failed");
    expect(life.queue()).toEqual(["careful"]);
  });

  test("that came too late for a deleted session is nobody's any more", () => {
    const life = workingLife();
    const { prompt } = life.send("careful", "steer");
    life.remove();
    expect(life.requeue(prompt).events).toEqual([]);
  });
});

describe("words that steer, and whose agent dies", () => {
  const user = (id: string) =>
    ({
      fact: "item",
      id,
      body: { kind: "user", text: "careful", how: "steer" },
      truncated: false,
    }) as const;

  test("go back to the queue, in their order, behind what waits there", () => {
    const life = workingLife();
    life.as("ann");
    const { prompt } = life.send("careful", "steer");
    life.send("and quick", "steer");
    life.send("two");
    life.as("skein");
    life.facts(exited());
    expect(life.queue()).toEqual(["two", "careful", "and quick"]);
    expect(life.events("session.prompt.queued").at(-2)).toMatchObject({ prompt, by: "ann" });
    // The effect that was to hand them over may still tell that it came too late.
    life.requeue(prompt, "careful");
    expect(life.queue().length).toBe(3);
    life.resume();
    life.facts(started());
    expect(life.given()).toEqual(["one", "two"]);
  });

  test("are not given again when they had arrived", () => {
    const life = workingLife();
    const { prompt } = life.send("careful", "steer");
    life.send("and quick", "steer");
    life.facts(user(prompt));
    // Nothing of them is written with every fact any more.
    expect(life.state().steers).toMatchObject([{ prompt, text: "" }, { text: "and quick" }]);
    life.facts(exited());
    expect(life.queue()).toEqual(["and quick"]);
    life.requeue(prompt, "careful");
    expect(life.queue()).toEqual(["and quick"]);
  });

  test("wait for a person when it was stopped, and are nobody's when the session is deleted", () => {
    const life = workingLife();
    life.send("careful", "steer");
    life.stop();
    life.facts(exited({ expected: true }));
    expect(life.doing()).toBe("stopped");
    expect(life.queue()).toEqual(["careful"]);
    const deleted = workingLife();
    deleted.send("careful", "steer");
    deleted.remove();
    deleted.facts(exited({ expected: true }));
    expect(deleted.queue()).toEqual([]);
  });
});

describe("what waits", () => {
  test("is at most so many bytes, in UTF-8, with the words that steer", () => {
    const life = workingLife();
    const queue = { type: "send", how: "queue", queueLimit: 9, queueBytes: 12, capabilities: can };
    const give = (text: string, how: "queue" | "steer" = "queue") =>
      life.refusal({ ...queue, type: "send", text, how });
    expect(give("äö€😀x")).toBe(null);
    expect(give("x")).toBe("queue_full");
    expect(give("x", "steer")).toBe("queue_full");
    life.finish();
    life.accept();
    expect(give("12345678", "steer")).toBe(null);
    expect(give("12345")).toBe("queue_full");
  });

  test("is not written with every fact once the agent has taken it", () => {
    const life = workingLife("a long text");
    expect(life.state().current).toMatchObject({ accepted: true, text: "" });
    expect(life.items()).toMatchObject([{ body: { kind: "user", text: "a long text" } }]);
  });
});

describe("an agent that takes a prompt", () => {
  test("has taken it once, however often it says so", () => {
    const life = workingLife();
    life.facts({ fact: "accepted", turn: life.turn() });
    expect(life.events("session.prompt.accepted").length).toBe(1);
    life.facts(exited());
    expect(life.queue()).toEqual([]);
  });
});

describe("a prompt that interrupts", () => {
  test("ends the turn and goes before all that wait", () => {
    const life = workingLife();
    life.send("two");
    expect(life.send("now", "interrupt").delivery).toBe("queued");
    expect(life.effects("agent.interrupt")).toMatchObject([{ turn: life.turn() }]);
    expect(life.status()).toMatchObject({
      state: "working",
      reason: "the turn is being interrupted",
    });
    expect(life.given()).toEqual(["one"]);
    life.finish({ outcome: "interrupted" });
    expect(life.given()).toEqual(["one", "now"]);
    life.accept();
    life.finish();
    expect(life.given()).toEqual(["one", "now", "two"]);
  });

  test("begins at once when there is no turn", () => {
    const life = idleLife();
    expect(life.send("now", "interrupt").delivery).toBe("started");
    expect(life.effects("agent.interrupt")).toEqual([]);
  });
});

describe("interrupting", () => {
  test("asks the agent once, however often it is wanted", () => {
    const life = workingLife();
    expect(life.interrupt()).toMatchObject({ interrupted: true, dropped: 0 });
    expect(life.interrupt()).toMatchObject({ interrupted: true });
    expect(life.effects("agent.interrupt").length).toBe(1);
    life.finish({ outcome: "interrupted" });
    expect(life.status()).toMatchObject({
      state: "idle",
      reason: "the last turn was interrupted",
    });
  });

  test("goes on with the queue, unless that is cleared", () => {
    const life = workingLife();
    life.send("two");
    life.interrupt();
    life.finish({ outcome: "interrupted" });
    expect(life.given()).toEqual(["one", "two"]);
    life.send("three");
    expect(life.interrupt(true)).toMatchObject({ interrupted: true, dropped: 1 });
    life.finish({ outcome: "interrupted" });
    expect(life.given()).toEqual(["one", "two"]);
    expect(life.doing()).toBe("idle");
  });

  test("nothing is answered so, and nothing changes", () => {
    const life = idleLife();
    expect(life.interrupt()).toMatchObject({ interrupted: false, dropped: 0 });
    expect(life.doing()).toBe("idle");
  });

  test("too late, the turn is done as it was", () => {
    const life = workingLife();
    life.interrupt();
    life.facts(message("m1"));
    expect(life.status().reason).toBe("the turn is being interrupted");
    life.finish();
    expect(life.view().lastTurn?.outcome).toBe("completed");
    expect(life.doing()).toBe("idle");
  });
});

describe("a turn that failed for want of a login, or at a limit", () => {
  const fail = (kind: "login" | "limit") => {
    const life = workingLife();
    life.send("two");
    life.finish({ outcome: "failed", error: { kind, message: `no ${kind}`, remedy: "" } });
    return life;
  };

  test.each(["login", "limit"] as const)("holds the queue and waits for the %s", (kind) => {
    const life = fail(kind);
    expect(life.doing()).toBe(`waiting for ${kind}`);
    expect(life.status().reason).toBe(`no ${kind}`);
    expect(life.given()).toEqual(["one"]);
  });

  test("goes on with the next prompt, in order", () => {
    const life = fail("login");
    expect(life.send("three").delivery).toBe("queued");
    expect(life.given()).toEqual(["one", "two"]);
  });

  test("goes on with `resume`", () => {
    const life = fail("limit");
    life.resume();
    expect(life.given()).toEqual(["one", "two"]);
  });

  test("is ready again with `resume` when nothing waits", () => {
    const life = fail("login");
    life.interrupt(true);
    expect(life.doing()).toBe("waiting for login");
    life.resume();
    expect(life.doing()).toBe("idle");
    life.facts({ fact: "notice", id: "n1", level: "info", text: "hm" });
    expect(life.doing()).toBe("idle");
  });

  test("is not what an agent says that was started anew", () => {
    const life = fail("login");
    life.interrupt(true);
    life.stop();
    life.facts(exited({ expected: true }));
    life.resume();
    life.facts(started());
    expect(life.doing()).toBe("idle");
  });
});
