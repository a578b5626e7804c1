/** Items and turns of a session, from either end. */
import { describe, expect, it } from "vitest";
import type { Store } from "../../engine/ports.ts";
import { batch, item, openStore } from "./kit.ts";
import type { Make } from "./kit.ts";

const pagesOf = async (
  store: Store,
  query: { from: "start" | "end"; kind?: string; limit: number },
): Promise<number[][]> => {
  const pages: number[][] = [];
  let cursor: string | undefined;
  for (let count = 0; count < 20; count += 1) {
    const page = await store.items({
      session: "s",
      ...query,
      ...(cursor === undefined ? {} : { cursor }),
    });
    pages.push(page.rows.map(({ order }) => order));
    if (page.next === null) break;
    cursor = page.next;
  }
  return pages;
};

export const pages = (make: Make): void => {
  describe("items and turns", () => {
    it("come in order from either end, page by page", async () => {
      const store = await openStore(make);
      const items = [5, 3, 1, 7, 2, 4, 6].map((order) => item("s", order));
      await store.commit(batch({ items: [...items, item("other", 1)] }));
      expect(await pagesOf(store, { from: "start", limit: 3 })).toEqual([
        [1, 2, 3],
        [4, 5, 6],
        [7],
      ]);
      expect(await pagesOf(store, { from: "end", limit: 3 })).toEqual([[5, 6, 7], [2, 3, 4], [1]]);
    });

    it("can be of one kind", async () => {
      const store = await openStore(make);
      const items = [1, 2, 3, 4, 5, 6].map((order) =>
        item("s", order, { kind: order % 2 === 0 ? "tool" : "message" }),
      );
      await store.commit(batch({ items }));
      expect(await pagesOf(store, { from: "end", kind: "tool", limit: 2 })).toEqual([[4, 6], [2]]);
      expect(await pagesOf(store, { from: "start", kind: "none", limit: 2 })).toEqual([[]]);
    });

    it("keep the place of an item's first version, and its newest body", async () => {
      const store = await openStore(make);
      await store.commit(batch({ items: [item("s", 1), item("s", 2)] }));
      const newer = item("s", 99, { id: "item-1", kind: "tool", item: "newer" });
      await store.commit(batch({ items: [newer, { ...newer, item: "newest" }] }));
      const { rows } = await store.items({ session: "s", from: "start", limit: 9 });
      expect(rows).toEqual([{ ...newer, order: 1, item: "newest" }, item("s", 2)]);
    });

    it("give nothing for a session that has none, and refuse a cursor that is none", async () => {
      const store = await openStore(make);
      const query = { session: "s", from: "start", limit: 3 } as const;
      expect(await store.items(query)).toEqual({ rows: [], next: null });
      expect(await store.turns({ session: "s", limit: 3 })).toEqual({ rows: [], next: null });
      await expect(store.items({ ...query, cursor: "?" })).rejects.toMatchObject({
        problem: { code: "invalid_input" },
      });
    });

    it("replace a turn by its number, and list the newest first", async () => {
      const store = await openStore(make);
      const turn = (number: number, body = "{}") => ({ session: "s", number, turn: body });
      await store.commit(batch({ turns: [1, 2, 3, 4, 5].map((number) => turn(number)) }));
      await store.commit(batch({ turns: [turn(4, "done")] }));
      const one = await store.turns({ session: "s", limit: 3 });
      expect(one.rows).toEqual([turn(5), turn(4, "done"), turn(3)]);
      const two = await store.turns({ session: "s", limit: 3, cursor: one.next ?? "none" });
      expect(two).toEqual({ rows: [turn(2), turn(1)], next: null });
    });
  });
};
