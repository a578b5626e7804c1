import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cut, table } from "./table.ts";
import { duration, parseDuration } from "./time.ts";
import { folderWords } from "./status.ts";
import { costWords, usageWords } from "./usage.ts";
import { noUsage } from "@skein/contract";
import { makePaint } from "./paint.ts";

test.each([
  ["90", 90_000],
  ["0", 0],
  ["30m", 1_800_000],
  ["72h", 259_200_000],
  ["7d", 604_800_000],
  ["1.5h", 5_400_000],
  ["2w", 1_209_600_000],
])("a duration of %s", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "h", "-1", "1y", "1 h", "1e3", "0x10", "١٢", "99999999999"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test("a duration is said in the coarsest unit that says something", () => {
  expect([-5, 999, 59_999, 60_000, 7_199_000, 7_200_000, 172_800_000].map(duration)).toEqual([
    "0s",
    "0s",
    "59s",
    "1m",
    "1h",
    "2h",
    "2d",
  ]);
});

test("columns are aligned, painting does not move them, the last one is cut to the width", () => {
  const paint = makePaint(true);
  const columns = [
    {
      title: "A",
      cell: (row: string[]) => row[0] ?? "",
      paint: (text: string) => paint.bold(text),
    },
    { title: "LAST", cell: (row: string[]) => row[1] ?? "" },
  ];
  expect(
    table(
      columns,
      [
        ["long-one", "x".repeat(30)],
        ["s", ""],
      ],
      22,
    ),
  ).toEqual([
    "A         LAST",
    `\u001b[1mlong-one\u001b[22m  ${"x".repeat(11)}…`,
    "\u001b[1ms\u001b[22m",
  ]);
});

test("a narrow terminal is kept to: the last column first, then those that yield, down to nothing", () => {
  const columns = [
    { title: "A", cell: () => "a".repeat(30), yields: true },
    { title: "B", cell: () => "keeps" },
    { title: "C", cell: () => "c".repeat(30) },
  ];
  const at = (width: number) => table(columns, [0], width)[1];
  expect(at(60)).toBe(`${"a".repeat(30)}  keeps  ${"c".repeat(20)}…`);
  expect(at(40)).toBe(`${"a".repeat(18)}…  keeps  ${"c".repeat(11)}…`);
  expect(at(20)).toBe(`${"a".repeat(9)}…  keeps  …`);
});

test("cut never gives more characters than asked for, and leaves what fits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "虎", "👩")).map((all) => all.join("")),
      fc.integer({ min: 1, max: 50 }),
      (text, most) => {
        const result = cut(text, most);
        expect([...result].length).toBeLessThanOrEqual(most);
        expect(result === text).toBe([...text].length <= most);
      },
    ),
  );
});

test("a folder below the home folder begins with ~, and no other", () => {
  expect(folderWords("/home/me/shop", "/home/me")).toBe("~/shop");
  expect(folderWords("/home/me", "/home/me")).toBe("~");
  expect(folderWords("/home/meadow", "/home/me")).toBe("/home/meadow");
  expect(folderWords("/srv", "/")).toBe("/srv");
});

test("an unknown cost is said to be unknown, not zero", () => {
  expect(costWords(noUsage)).toBe("-");
  expect(usageWords({ ...noUsage, inputTokens: 12_345, costUsd: 0.01234 })).toBe(
    "12.3k in, 0 out, $0.0123",
  );
});
