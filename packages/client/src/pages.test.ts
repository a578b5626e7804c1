import { LIMITS } from "@skein/contract/light";
import { expect, test } from "vitest";
import { allPages } from "./pages.ts";

const PAGES: Record<string, { readonly rows: number[]; readonly next: string | null }> = {
  first: { rows: [1, 2], next: "second" },
  second: { rows: [3], next: null },
};

test("all pages of a list are joined in order; each is as long as it may be", async () => {
  const asked: unknown[] = [];
  const all = await allPages(
    async (page) => {
      asked.push(page);
      return PAGES[page.cursor ?? "first"]!;
    },
    ({ rows }) => rows,
  );
  expect(all).toEqual([1, 2, 3]);
  expect(asked).toEqual([{ limit: LIMITS.pageMax }, { limit: LIMITS.pageMax, cursor: "second" }]);
});

test("a list that never ends is an error", async () => {
  const endless = allPages(
    async () => ({ next: "again" }),
    () => [],
  );
  await expect(endless).rejects.toThrow("pages");
});
