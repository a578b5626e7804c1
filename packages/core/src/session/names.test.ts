import { SessionName } from "@skein/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { proposeNames } from "./names.ts";

const luck = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("proposed names", () => {
  test("are a champion and a role", () => {
    expect(proposeNames(0, 2)).toEqual(["ahri-top", expect.stringMatching(/^[a-z]+-top$/)]);
  });

  test("are all different, and fit for a session, whatever the luck and however many tries", () => {
    fc.assert(
      fc.property(luck, fc.integer({ min: 0, max: 200 }), (random, tries) => {
        const names = proposeNames(random, 24, tries * 24);
        expect(new Set(names).size).toBe(24);
        for (const name of names) expect(SessionName.safeParse(name).success).toBe(true);
      }),
    );
  });

  test("never repeat: two hundred tries propose every combination once, then the later ones with a number", () => {
    const names = Array.from({ length: 200 }, (_, tries) => proposeNames(0.4, 24, tries * 24));
    expect(new Set(names.flat()).size).toBe(200 * 24);
    expect(names.at(-1)?.[0]).toMatch(/^[a-z]+-[a-z]+-\d+$/);
  });
});
