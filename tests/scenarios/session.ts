/**
 * The scenario that every agent must play: the scripted fakes in `npm test`, the real CLIs in `npm run test:agents`.
 * Steps that need no daemon of their own share one and run side by side; each has sessions of its own.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sitting } from "./at-the-terminal.ts";
import { asking } from "./permissions.ts";
import { failing } from "./errors.ts";
import { talking } from "./conversation.ts";
import { dying } from "./deaths.ts";
import { living } from "./lives.ts";
import { everyProcess } from "./processes.ts";
import { openStageHouse, perform, type Fixture } from "./stage.ts";
import type { House } from "./house.ts";
import type { Step } from "./step.ts";

const steps: readonly Step[] = [...talking, ...asking, ...living, ...dying, ...failing, ...sitting];

const fits = (fixture: Fixture, { name, needs, when }: Step): boolean =>
  (needs === undefined || fixture.capabilities[needs]) &&
  (when === undefined || when(fixture)) &&
  (fixture.only?.includes(name) ?? true) &&
  !(fixture.without?.some((one) => one.steps.test(name)) ?? false);

/**
 * A step waits for what it waits for; this only ends one that hangs. A dozen of them share the machine, and one starts up to four
 * daemons, each of which has a minute.
 */
const STEP_MS = 240_000;

/** Declares the tests. `fixture` is ready before the first of them runs. */
export const playSession = (fixture: Fixture): void => {
  const stepMs = Math.max(STEP_MS, 4 * (fixture.patienceMs ?? 0));
  const wanted = steps.filter((step) => fits(fixture, step));

  for (const { steps: named, why } of fixture.without ?? [])
    test(`what ${fixture.id} cannot play is a step: ${why}`, () => {
      expect(steps.filter((step) => named.test(step.name))).not.toEqual([]);
    });
  for (const name of fixture.only ?? [])
    test(`what it plays is a step: ${name}`, () =>
      expect(steps.map((step) => step.name)).toContain(name));
  const lacking = fixture.lacks === undefined ? "" : `, which lacks ${fixture.lacks.join(", ")}`;

  describe.concurrent(`${fixture.id}${lacking}, side by side`, () => {
    let house: House | undefined;
    beforeAll(async () => {
      house = await openStageHouse(fixture);
    }, stepMs);
    afterAll(async () => {
      try {
        expect(house?.log.faults).toEqual([]);
      } finally {
        await house?.close();
      }
    }, stepMs);
    for (const step of wanted.filter(({ alone }) => alone === undefined))
      test(step.name, () => perform(house!, fixture, step.run), stepMs);
  });

  describe.concurrent(`${fixture.id}${lacking}, each with a daemon of its own`, () => {
    for (const step of wanted.filter(({ alone }) => alone !== undefined))
      test(
        step.name,
        async () => {
          const house = await openStageHouse(fixture, step.alone);
          try {
            await perform(house, fixture, step.run);
            expect(house.log.faults).toEqual([]);
          } finally {
            await house.close();
          }
          expect(await everyProcess(house.home)).toEqual([]);
          expect(await everyProcess(house.agentHome)).toEqual([]);
        },
        stepMs,
      );
  });
};
