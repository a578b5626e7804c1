import { describe, expect, test } from "vitest";
import * as house from "./house.ts";
import {
  filesBelow,
  isGenerated,
  isTypeScript,
  print,
  readSource,
  root,
  type Finding,
  type Source,
} from "./source.ts";

const TEXT =
  /\.(tsx?|mjs|js|json|json5|md|sh|css|html|sql|ndjson|txt)$|(^|\/)(skein|run|LICENSE|\.npmrc)$/;

const texts = filesBelow("")
  .filter((path) => TEXT.test(path))
  .map(readSource);
const sources = texts.filter(({ path }) => isTypeScript(path) && !isGenerated(path));
const code = texts.filter(({ path }) => /\.(tsx?|mjs|css)$/.test(path) && !isGenerated(path));

const findings = (rule: (source: Source) => Finding[], judged: readonly Source[] = sources) =>
  judged.flatMap(rule).map(print);

describe("the house style", () => {
  test("there is something to judge", () => expect(sources.length).toBeGreaterThan(20));

  test("no file is too long", () => expect(findings(house.tooLong, code)).toEqual([]));

  test("files hold one idea: the median has at most 150 lines, 95 % at most 500", () => {
    const { median, p95 } = house.lengths(code.map(({ text }) => text.split("\n").length));
    expect(median).toBeLessThanOrEqual(150);
    expect(p95).toBeLessThanOrEqual(500);
  });

  test("no any", () => expect(findings(house.usesAny)).toEqual([]));

  test("no silenced type error", () => expect(findings(house.silencesTypes)).toEqual([]));

  test("no default export", () => expect(findings(house.exportsDefault)).toEqual([]));

  test("no test is passed over", () => expect(findings(house.passesOver)).toEqual([]));

  test("no empty names", () => {
    expect(findings(house.emptyNames)).toEqual([]);
    expect(findings(house.emptyFileNames, code)).toEqual([]);
  });

  test("the surroundings are read at the doors only", () =>
    expect(findings(house.readsSurroundings)).toEqual([]));

  test("no file names the machine it was made on", () => {
    expect(findings((source) => house.namesWorkplace(source, root), texts)).toEqual([]);
  });
});
