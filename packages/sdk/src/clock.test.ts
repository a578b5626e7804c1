import { expect, test } from "vitest";
import { pause, type Clock } from "./clock.ts";

const makeHands = () => {
  const due = new Set<() => void>();
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after: (_, run) => {
      due.add(run);
      return () => due.delete(run);
    },
  };
  return { clock, due, strike: () => due.forEach((run) => run()) };
};

test("a pause is over when its time has come, and holds on to nothing", async () => {
  const { clock, due, strike } = makeHands();
  const leaving = new AbortController();
  const over = pause(clock, 5, leaving.signal);
  strike();
  await over;
  expect(due.size).toBe(0);
});

test("a pause is over as soon as its signal aborts, and leaves no timer behind", async () => {
  const { clock, due } = makeHands();
  const leaving = new AbortController();
  const over = pause(clock, 5, leaving.signal);
  leaving.abort();
  await over;
  expect(due.size).toBe(0);
  await pause(clock, 5, leaving.signal);
  expect(due.size).toBe(0);
});
