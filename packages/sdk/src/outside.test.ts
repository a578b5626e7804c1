import { expect, test } from "vitest";
import type { Files } from "./host.ts";
import { instant, readLines } from "./outside.ts";

const filesWith = (text: string): Files => {
  const all = new TextEncoder().encode(text);
  const read: Files["read"] = async (_path, { maxBytes, from = 0 }) =>
    all.subarray(from, from + maxBytes);
  return { read } as unknown as Files;
};

const texts = async (text: string, pageBytes: number): Promise<readonly string[]> => {
  const found: string[] = [];
  for (let from = 0; ;) {
    const page = await readLines(filesWith(text), "file", from, pageBytes);
    found.push(...page.lines.map((line) => line.text));
    expect(page.more).toBe(page.next > from && page.more);
    from = page.next;
    if (!page.more) return found;
  }
};

test("every whole line is read once, whatever the size of a page; one that has no end yet is not", async () => {
  for (const pageBytes of [4, 5, 8, 100])
    expect(await texts("a\nbb\nccc\nrest", pageBytes)).toEqual(["a", "bb", "ccc"]);
});

test("a line that is longer than a page is left out, and what follows it is read", async () => {
  expect(await texts(`a\n${"x".repeat(20)}\nb\nc\n`, 8)).toEqual(["a", "b", "c"]);
});

test("a time that somebody else wrote is one, in one shape, or none", () => {
  expect(instant("2026-02-03T04:05:06+01:00")).toBe("2026-02-03T03:05:06.000Z");
  for (const none of ["soon", "", 7, null, undefined, "<script>"]) expect(instant(none)).toBeNull();
});
