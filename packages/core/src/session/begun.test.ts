/** Turns that nobody asked Skein for: a person typed into the agent's own terminal. */
import { describe, expect, test } from "vitest";
import { asks, exited, idleLife, makeLife, message, started, workingLife } from "./testkit/life.ts";

const typed = (text: string, key = "k1") =>
  ({ fact: "begun", key, text, truncated: false }) as const;

const finished = (turn: string) =>
  ({ fact: "turn-ended", turn, outcome: "completed", error: null, usage: null }) as const;

describe("a turn that began outside", () => {
  test("is a turn like others, with the person's words as its message", () => {
    const life = idleLife();
    life.facts(typed("look at the tests"));
    expect(life.doing()).toBe("working");
    expect(life.view().turn).toMatchObject({ number: 1 });
    expect(life.given()).toEqual([]);
    life.facts(message("m1", "they pass"));
    const turn = life.turn();
    life.facts(finished("k1"));
    expect(life.doing()).toBe("idle");
    expect(life.view().lastTurn).toMatchObject({ id: turn, outcome: "completed" });
    expect(life.items().map((item) => [item.turn, item.body])).toEqual([
      [turn, { kind: "user", text: "look at the tests", how: "outside" }],
      [turn, { kind: "message", text: "they pass" }],
    ]);
    expect(life.items()[0]?.id).toBe(life.view().lastTurn?.prompt);
  });

  test("lets the prompts of others wait until it is over", () => {
    const life = idleLife();
    life.facts(typed("mine"));
    expect(life.send("theirs").delivery).toBe("queued");
    expect(life.given()).toEqual([]);
    life.facts(finished("k1"));
    expect(life.given()).toEqual(["theirs"]);
  });

  test("goes before a prompt that was handed over and not taken: that waits again, and is given again", () => {
    const life = idleLife();
    const { prompt } = life.send("theirs");
    const lost = life.turn();
    life.facts(typed("mine"));
    expect(life.queue()).toEqual(["theirs"]);
    expect(life.events("session.prompt.returned")).toMatchObject([{ prompt }]);
    // A late word on the turn that was taken back changes nothing.
    life.facts({ fact: "accepted", turn: lost }, finished(lost));
    expect(life.doing()).toBe("working");
    life.facts(finished("k1"));
    expect(life.given()).toEqual(["theirs", "theirs"]);
    life.accept();
    life.finish();
    expect(life.view().turns).toBe(3);
    expect(life.doing()).toBe("idle");
  });

  test("is interrupted and steered by the name that the driver gave it", () => {
    const life = idleLife();
    life.facts(typed("mine"));
    life.send("and this", "steer");
    expect(life.effects("agent.steer")).toMatchObject([{ turn: "k1", text: "and this" }]);
    life.interrupt();
    expect(life.effects("agent.interrupt")).toMatchObject([{ turn: "k1" }]);
  });

  test("ends with its process, and with its approvals", () => {
    const life = idleLife();
    life.facts(typed("mine"), asks("r1"));
    expect(life.doing()).toBe("waiting for approval");
    life.facts(exited());
    expect(life.view().lastTurn).toMatchObject({ outcome: "failed", error: { kind: "agent" } });
    expect(life.open()).toEqual([]);
  });

  test("told again, while it runs or after it, begins nothing", () => {
    const life = idleLife();
    life.facts(typed("mine"), typed("mine"), finished("k1"), typed("mine"));
    expect(life.view().turns).toBe(1);
    expect(life.doing()).toBe("idle");
  });

  test("begins no second turn beside one that the agent works at, nor one for an agent that still starts", () => {
    const life = workingLife();
    const turn = life.turn();
    life.facts(typed("mine"));
    expect(life.turn()).toBe(turn);
    expect(life.items().at(-1)).toMatchObject({ turn, body: { text: "mine", how: "outside" } });
    life.finish();
    life.facts(typed("mine"));
    expect(life.doing()).toBe("idle");
    const starting = makeLife();
    starting.create();
    starting.facts(typed("mine"));
    expect(starting.doing()).toBe("starting");
    starting.facts(started());
    expect(starting.doing()).toBe("idle");
  });
});
