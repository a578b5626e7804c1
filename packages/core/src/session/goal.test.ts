import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noUsage } from "@skein/contract";
import { wordOf } from "./goal-words.ts";
import {
  asks,
  exited,
  idleLife,
  message,
  spent,
  started,
  workingLife,
  type Life,
} from "./testkit/life.ts";
import { makeWeather, steps } from "./testkit/weather.ts";

const state = (life: Life): string => {
  const { goal } = life.view();
  return goal === null ? "none" : `${goal.state}: ${goal.reason}`;
};

/** The turn in progress is taken, says this, and is done. */
const turn = (life: Life, says = "going well", over: Parameters<Life["finish"]>[0] = {}): void => {
  life.accept();
  life.facts(message(`m${life.view().turns}`, says));
  life.finish(over);
};

describe("a goal", () => {
  test("is begun at once by a free agent, and gone on with after each turn", () => {
    const life = idleLife();
    life.goal("All tests pass");
    expect(life.doing()).toBe("working");
    turn(life);
    expect(life.doing()).toBe("working");
    turn(life);
    const [first, second, third] = life.given();
    expect(first).toContain("You have a goal");
    expect(second).toContain("1 turn has gone");
    expect(third).toContain("2 turns have gone");
    for (const text of [first, second, third]) expect(text).toContain("All tests pass");
    expect(life.events("session.status").map((one) => one.state)).not.toContain("waiting");
  });

  test("does not make the session idle between its turns", () => {
    const life = idleLife();
    life.goal("All tests pass");
    const before = life.all().length;
    turn(life);
    const told = life
      .all()
      .slice(before)
      .filter((one) => one.type === "session.status");
    expect(told).toEqual([]);
  });

  test("is in the transcript as Skein's own words", () => {
    const life = idleLife();
    life.goal("All tests pass");
    life.accept();
    expect(life.items().at(-1)?.body).toMatchObject({ kind: "user", how: "goal" });
  });

  test("starts an agent that has no process, and is begun when it is ready", () => {
    const life = idleLife();
    life.stop();
    life.facts(exited({ expected: true }));
    life.goal("All tests pass");
    expect(life.doing()).toBe("starting");
    life.facts(started());
    expect(life.given()).toHaveLength(1);
  });

  test("calls back an agent that is being stopped", () => {
    const life = idleLife();
    life.stop();
    life.goal("All tests pass");
    life.facts(exited({ expected: true }), started());
    life.facts(started());
    expect(life.given()).toHaveLength(1);
  });

  test("is complete when the agent's last line says so", () => {
    const life = idleLife();
    life.goal("All tests pass");
    turn(life, "They pass.\n\n**GOAL COMPLETE**\n");
    expect(state(life)).toBe("complete: the agent says so");
    expect(life.doing()).toBe("idle");
    expect(life.given()).toHaveLength(1);
  });

  test("is not complete because of words in the middle, or in an earlier message", () => {
    const life = idleLife();
    life.goal("All tests pass");
    turn(life, "I shall say\nGOAL COMPLETE\nwhen I am done.");
    life.accept();
    life.facts(message("early", "GOAL COMPLETE"), message("late", "No, one still fails."));
    life.finish();
    expect(state(life)).toBe("active: it was set");
  });

  test("is blocked when the agent says why", () => {
    const life = idleLife();
    life.goal("All tests pass");
    turn(life, "GOAL BLOCKED: the database needs a password");
    expect(state(life)).toBe("blocked: the database needs a password");
    expect(life.doing()).toBe("idle");
  });

  test("is blocked by a turn that failed, and goes on when a person says so", () => {
    const life = idleLife();
    life.goal("All tests pass");
    turn(life, "hm", {
      outcome: "failed",
      error: { kind: "api", message: "overloaded", remedy: "" },
    });
    expect(state(life)).toBe("blocked: its turn failed: overloaded");
    life.changeGoal("resume");
    expect(life.given()).toHaveLength(2);
  });

  test("waits for a login or a limit as a prompt would, and goes on after it", () => {
    const life = idleLife();
    life.goal("All tests pass");
    turn(life, "hm", { outcome: "failed", error: { kind: "limit", message: "5 h", remedy: "" } });
    expect(state(life)).toBe("active: it was set");
    expect(life.doing()).toBe("waiting for limit");
    life.tick(60_000);
    expect(life.given()).toHaveLength(1);
    life.resume();
    expect(life.given()).toHaveLength(2);
  });
});

describe("people and a goal", () => {
  test("a prompt in the queue goes before the goal", () => {
    const life = idleLife();
    life.goal("All tests pass");
    life.send("first this");
    turn(life);
    expect(life.given()).toMatchObject([expect.anything(), "first this"]);
    turn(life);
    expect(life.given()).toHaveLength(3);
    expect(life.given()[2]).toContain("All tests pass");
  });

  test("a prompt goes before one of the goal that was given back", () => {
    const life = idleLife();
    life.goal("All tests pass");
    life.facts(exited());
    expect(life.queue()).toHaveLength(1);
    life.send("first this");
    expect(life.queue()).toEqual(["first this"]);
    life.facts(started());
    turn(life);
    expect(life.given().slice(1)).toEqual([
      "first this",
      expect.stringContaining("All tests pass"),
    ]);
  });

  test("a prompt that waited goes first when the goal's was given back behind it", () => {
    const life = idleLife();
    life.goal("All tests pass");
    life.send("first this");
    life.facts(exited());
    expect(life.queue()).toEqual(["first this"]);
    life.facts(started());
    turn(life);
    expect(life.given().slice(1)).toEqual([
      "first this",
      expect.stringContaining("All tests pass"),
    ]);
  });

  test("a turn that the agent never took is none of the goal's", () => {
    const life = idleLife();
    life.goal("All tests pass");
    life.facts(exited());
    life.facts(started());
    expect(life.view().goal?.turns).toBe(0);
    expect(life.given()).toHaveLength(2);
    expect(life.given()[1]).toContain("You have a goal");
  });

  test("an approval is decided before it goes on", () => {
    const life = idleLife();
    life.facts(asks("r1"));
    life.goal("All tests pass");
    expect(life.given()).toEqual([]);
    expect(life.doing()).toBe("waiting for approval");
    life.resolve(life.open()[0] ?? "", "allow");
    life.tick(1_000);
    expect(life.given()).toHaveLength(1);
  });

  test.each(["interrupt", "stop"] as const)("%s pauses it; resume goes on", (way) => {
    const life = idleLife();
    life.goal("All tests pass");
    life.accept();
    if (way === "interrupt") {
      life.interrupt();
      life.finish({ outcome: "interrupted" });
    } else {
      life.stop();
      life.facts(exited({ expected: true }));
    }
    expect(state(life)).toMatch(/^paused: /);
    expect(life.given()).toHaveLength(1);
    life.changeGoal("resume");
    if (way === "stop") life.facts(started());
    expect(life.given()).toHaveLength(2);
  });

  test("a turn that was interrupted at the agent's own terminal pauses it", () => {
    const life = idleLife();
    life.goal("All tests pass");
    turn(life, "hm", { outcome: "interrupted" });
    expect(state(life)).toBe("paused: its turn was interrupted");
  });

  test("a prompt that interrupts goes first, and the goal on after it", () => {
    const life = idleLife();
    life.goal("All tests pass");
    life.accept();
    life.send("look here", "interrupt");
    life.finish({ outcome: "interrupted" });
    turn(life);
    expect(life.given().slice(1)).toEqual(["look here", expect.stringContaining("All tests pass")]);
  });

  test("a prompt of a goal that was paused meanwhile is not given again", () => {
    const life = idleLife();
    life.goal("All tests pass");
    life.interrupt();
    life.facts(exited());
    expect(life.queue()).toEqual([]);
    life.send("something else");
    life.facts(started());
    expect(life.given().slice(1)).toEqual(["something else"]);
  });

  test("pause lets the turn in progress end, and nothing after it", () => {
    const life = idleLife();
    life.goal("All tests pass");
    life.changeGoal("pause");
    turn(life);
    expect(state(life)).toBe("paused: paused on request");
    expect(life.given()).toHaveLength(1);
  });

  test("clear forgets it; what is asked of no goal is refused", () => {
    const life = idleLife();
    life.goal("All tests pass");
    life.changeGoal("clear");
    turn(life);
    expect(life.view().goal).toBeNull();
    expect(life.given()).toHaveLength(1);
    expect(life.refusal({ type: "goal.change", action: "pause", budget: null, turnLimit: 1 })).toBe(
      "no_goal",
    );
  });

  test("one that is over is not paused, and one that is reached is not resumed; both can be cleared", () => {
    const life = idleLife();
    const wish = { type: "goal.change", budget: null, turnLimit: undefined } as const;
    life.goal("All tests pass", { turnLimit: 1 });
    turn(life);
    expect(life.refusal({ ...wish, action: "pause" })).toBe("goal_over");
    expect(state(life)).toMatch(/^limit: /);
    life.goal("Another");
    turn(life, "GOAL COMPLETE");
    expect(state(life)).toMatch(/^complete: /);
    for (const action of ["pause", "resume"] as const)
      expect(life.refusal({ ...wish, action })).toBe("goal_over");
    life.changeGoal("clear");
    expect(life.view().goal).toBeNull();
  });

  test("a new goal takes the place of the old one and begins anew", () => {
    const life = workingLife();
    life.goal("one goal");
    life.goal("another goal");
    life.finish();
    expect(life.given()[1]).toContain("another goal");
    expect(life.view().goal?.turns).toBe(1);
  });
});

describe("what a goal may spend", () => {
  test("tokens: cache reads do not count; it ends after the turn that reaches them", () => {
    const life = idleLife();
    life.goal("All tests pass", { tokens: 100 });
    turn(life, "1", { usage: { ...spent(60), cacheReadTokens: 10_000 } });
    expect(state(life)).toBe("active: it was set");
    turn(life, "2", { usage: { ...spent(20), outputTokens: 10, cacheWriteTokens: 10 } });
    expect(state(life)).toBe("budget: 100 of 100 tokens are spent");
    expect(life.doing()).toBe("idle");
  });

  test("dollars: as the turns cost", () => {
    const life = idleLife();
    life.goal("All tests pass", { usd: 1 });
    turn(life, "1", { usage: { ...noUsage, costUsd: 0.6 } });
    turn(life, "2", { usage: { ...noUsage, costUsd: 0.6 } });
    expect(state(life)).toBe("budget: $1.20 of $1.00 are spent");
  });

  test("dollars that nobody can count are not spent any further", () => {
    const life = idleLife();
    life.goal("All tests pass", { usd: 1 });
    turn(life, "1", { usage: spent(5) });
    expect(state(life)).toMatch(/^budget: nobody knows/);
  });

  test("turns: as many as it may have", () => {
    const life = idleLife();
    life.goal("All tests pass", { turnLimit: 2 });
    turn(life);
    turn(life);
    expect(state(life)).toBe("limit: 2 of 2 turns have gone into it");
    expect(life.given()).toHaveLength(2);
  });

  test("one that is spent goes on only with more; what was spent stays spent", () => {
    const life = idleLife();
    life.goal("All tests pass", { tokens: 100, turnLimit: 9 });
    turn(life, "1", { usage: spent(150) });
    const again = { type: "goal.change", action: "resume", turnLimit: undefined } as const;
    expect(life.refusal({ ...again, budget: null })).toBe("goal_spent");
    expect(life.refusal({ ...again, budget: { tokens: 150 } })).toBe("goal_spent");
    life.changeGoal("resume", { budget: { tokens: 200 } });
    expect(life.given()).toHaveLength(2);
    turn(life, "2", { usage: spent(60) });
    expect(state(life)).toBe("budget: 210 of 200 tokens are spent");
  });
});

describe("the agent's word on its goal", () => {
  test.each([
    ["GOAL COMPLETE", "complete"],
    ["done\n\n`GOAL COMPLETE`  \n\n", "complete"],
    ["> **GOAL COMPLETE.**", "complete"],
    ["GOAL BLOCKED: a key", "blocked"],
    ["GOAL BLOCKED", "blocked"],
    ["goal complete", undefined],
    ["GOAL COMPLETE when the tests pass", undefined],
    ["GOAL BLOCKEDNESS", undefined],
    ["", undefined],
  ])("%j is %s", (text, word) => {
    expect(wordOf(text)?.word).toBe(word);
  });
});

/** What is wrong with where the goal stands; null: nothing. */
const outOfPlace = (life: Life, wasTick: boolean): string | null => {
  const { queue, current, process, held, open, unreachable, view } = life.state();
  const mine = queue.filter(({ how }) => how === "goal");
  if (mine.length > 1) return "it asks twice";
  if (mine.length > 0 && view.goal?.state !== "active") return "it asks though it is not pursued";
  if (mine.length > 0 && queue.length > 1) return "it stands in the queue with a person";
  const isFree = process === "running" && current === null && held === null && !unreachable;
  return wasTick && isFree && Object.keys(open).length === 0 && view.goal?.state === "active"
    ? "it does not go on"
    : null;
};

test("in any order of wishes, words, ticks and crashes, a goal goes on, and never stands before a person", () => {
  fc.assert(
    fc.property(steps, (drawn) => {
      const { life, step } = makeWeather();
      for (const one of drawn) {
        step(one);
        expect(outOfPlace(life, one.kind === "tick")).toBeNull();
      }
    }),
    { numRuns: 300 },
  );
});
