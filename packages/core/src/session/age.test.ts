import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asks, exited, idleLife, workingLife, type Life } from "./testkit/life.ts";
import { makeWeather, steps } from "./testkit/weather.ts";

const DAY = 24 * 3_600_000;

const isGone = (life: Life, after: number): boolean => {
  life.pass(after);
  life.age(7 * DAY);
  return life.view().deletedAt !== null;
};

describe("a session that was left alone", () => {
  test("is deleted after its time, and not before", () => {
    const life = idleLife();
    expect(isGone(life, 7 * DAY - 1)).toBe(false);
    expect(isGone(life, 1)).toBe(true);
    expect(life.effects("agent.stop")).toMatchObject([{ force: true }]);
    expect(life.names()).toEqual([]);
  });

  test("is counted from its last sign of work, not from its creation", () => {
    const life = idleLife();
    life.pass(6 * DAY);
    life.send("one");
    life.accept();
    life.finish();
    expect(isGone(life, 6 * DAY)).toBe(false);
    expect(isGone(life, 1 * DAY)).toBe(true);
  });

  test("is deleted when it is stopped, failed or lost, too", () => {
    for (const end of [exited({ expected: true }), exited(), exited({ unwitnessed: true })]) {
      const life = idleLife();
      life.facts(end);
      expect(isGone(life, 7 * DAY)).toBe(true);
    }
  });
});

describe("a session stays, however old, that", () => {
  test("works", () => expect(isGone(workingLife(), 99 * DAY)).toBe(false));

  test("waits for a person", () => {
    const life = workingLife();
    life.finish({ outcome: "failed", error: { kind: "login", message: "no", remedy: "" } });
    expect(isGone(life, 99 * DAY)).toBe(false);
  });

  test("has an open approval", () => {
    const life = idleLife();
    life.facts(asks("r1"));
    expect(isGone(life, 99 * DAY)).toBe(false);
  });

  test("is out of reach", () => {
    const life = idleLife();
    life.facts({ fact: "unreachable", reason: "cut" });
    expect(isGone(life, 99 * DAY)).toBe(false);
  });

  test("has a prompt that waits", () => {
    const life = workingLife();
    life.send("two");
    life.facts(exited());
    expect(isGone(life, 99 * DAY)).toBe(false);
  });

  test("has a goal that it pursues", () => {
    const life = idleLife();
    life.goal("all tests pass");
    life.facts(exited(), exited(), exited());
    expect(isGone(life, 99 * DAY)).toBe(false);
  });

  test("is being deleted already: it is not asked again", () => {
    const life = idleLife();
    life.remove();
    expect(life.age(0).ok).toBe(false);
  });
});

test("whatever came before: what goes had nothing to do, nobody to wait for, and was in reach", () => {
  fc.assert(
    fc.property(steps, (drawn) => {
      const { life, step } = makeWeather();
      for (const one of drawn) step(one);
      const { view, current, queue, open, unreachable } = life.state();
      step({ kind: "age", n: 0 });
      if (life.view().deletedAt === null) return;
      expect(["idle", "stopped", "failed", "lost"]).toContain(view.status.state);
      expect([current, queue, Object.keys(open), unreachable]).toEqual([null, [], [], false]);
    }),
    { numRuns: 300 },
  );
});
