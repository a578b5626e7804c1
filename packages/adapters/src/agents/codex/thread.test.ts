import type { SessionContext } from "@skein/sdk";
import { expect, test } from "vitest";
import type { Life } from "./life.ts";
import { quietThread } from "./thread.ts";

/** A thread whose turn does not end, and a clock that runs as it is waited for. */
const stubborn = () => {
  const asked: string[] = [];
  let now = 0;
  const answers: Readonly<Record<string, unknown>> = {
    "thread/read": { thread: { status: { type: "active" } } },
    "thread/turns/list": { data: [{ id: "turn" }] },
  };
  const life = {
    call: async (method: string) => {
      asked.push(method);
      return answers[method] ?? {};
    },
  } as unknown as Life;
  const clock = {
    now: () => now,
    monotonic: () => now,
    after: (ms: number, run: () => void) => {
      now += ms;
      queueMicrotask(run);
      return () => undefined;
    },
  };
  const backend = { clock, timing: { startMs: 0, graceMs: 5_000 } };
  return { asked, life, ctx: { backend } as unknown as SessionContext, waited: () => now };
};

test("a stop gives the turn its time, a forced one does not; its commands are ended in either case", async () => {
  for (const [force, atLeast, atMost] of [
    [false, 5_000, 5_100],
    [true, 1, 500],
  ] as const) {
    const { asked, life, ctx, waited } = stubborn();
    await quietThread(life, ctx, "thread", force);
    expect(waited()).toBeGreaterThanOrEqual(atLeast);
    expect(waited()).toBeLessThanOrEqual(atMost);
    expect(asked).toContain("turn/interrupt");
    expect(asked.at(-1)).toBe("thread/backgroundTerminals/clean");
  }
});
