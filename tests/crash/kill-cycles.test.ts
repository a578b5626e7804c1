/**
 * Two hundred deaths under load, one state folder. Everything that was acknowledged is checked from outside; see
 * docs/guarantees.md for what each fault would break.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runKillCycles, type Outcome } from "./kill-cycles/run.ts";
import { say } from "./say.ts";
import { chooseSeed } from "./chance.ts";
import { FAILPOINTS } from "./kill-cycles/plan.ts";

const CYCLES = Number(process.env["SKEIN_CRASH_CYCLES"] ?? 200);
/** Longer than the run's own limits, so that it is the run that says what took so long. */
const WHOLE_MS = 480_000;

describe(`${CYCLES} kill -9 cycles under load`, () => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await runKillCycles({ cycles: CYCLES, seed: chooseSeed() });
    for (const line of outcome.lines) say(line);
  }, WHOLE_MS);
  afterAll(() => outcome?.clear());

  it("keeps every promise: nothing acknowledged is lost, repeated or out of order", () => {
    expect(outcome.faults).toEqual([]);
  });

  it("leaves no process, FIFO, spool, row or effect behind once everything is deleted", () => {
    expect(outcome.remains).toEqual([]);
  });

  it("really was under load, and really died at every point on both sides", () => {
    expect(outcome.acknowledged).toBeGreaterThan(CYCLES * 20);
    expect(outcome.prompts).toBeGreaterThan(CYCLES / 4);
    for (const { name, side } of FAILPOINTS)
      expect(outcome.deaths.get(`${name}:${side}`) ?? 0, `${name}:${side}`).toBeGreaterThan(0);
  });
});
