import { describe, expect, test } from "vitest";
import { readHouse } from "./packages.ts";
import { impurities } from "./purity.ts";
import { LAWS, lawOf, roomOf } from "./rooms.ts";
import { filesBelow, isGenerated, isTestCode, isTypeScript, print, readSource } from "./source.ts";
import { crossings } from "./walls.ts";

const house = readHouse();
const sources = filesBelow("packages").filter(isTypeScript).map(readSource);

describe("the walls of the house", () => {
  test("there is something to judge", () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(house.packages.size).toBeGreaterThan(3);
  });

  test("no import crosses one", () => {
    expect(sources.flatMap((source) => crossings(source, house)).map(print)).toEqual([]);
  });

  test("core is pure", () => {
    const core = sources.filter(
      ({ path }) => path.startsWith("packages/core/") && !isTestCode(path),
    );
    expect(
      core
        .filter(({ path }) => !isGenerated(path))
        .flatMap(impurities)
        .map(print),
    ).toEqual([]);
  });

  test("every law names a room once, and only rooms that have a law", () => {
    expect(new Set(LAWS.map(({ room }) => room)).size).toBe(LAWS.length);
    const named = LAWS.flatMap(({ may, mayLazily = [] }) => [...may, ...mayLazily]);
    expect(
      named.filter((room) => lawOf(room) === undefined && !/^(core\/views|daemon\/\*)$/.test(room)),
    ).toEqual([]);
  });

  test("every package has a room", () => {
    expect(
      [...house.packages.values()].filter(
        ({ folder }) => roomOf(`${folder}/src/index.ts`) === undefined,
      ),
    ).toEqual([]);
  });
});
