/** Rows: upserted, found, listed and counted. */
import { describe, expect, it } from "vitest";
import type { RowQuery, Store } from "../../engine/ports.ts";
import { batch, openStore, row } from "./kit.ts";
import type { Make } from "./kit.ts";

const ids = async (store: Store, query: Partial<RowQuery>): Promise<string[]> => {
  const { rows } = await store.rows({ kind: "session", limit: 100, ...query });
  return rows.map(({ id }) => id);
};

export const rows = (make: Make): void => {
  describe("rows", () => {
    it("are replaced whole, by kind and id", async () => {
      const store = await openStore(make);
      await store.commit(batch({ rows: [row("x"), row("x", { kind: "approval" })] }));
      const changed = row("x", {
        state: "new",
        label: "fizz",
        status: "working",
        parent: "p",
        secret: "s",
        owner: "o",
        live: false,
        attached: true,
      });
      await store.commit(batch({ rows: [changed, { ...changed, state: "newest" }] }));
      expect(await store.row("session", "x")).toEqual({ ...changed, state: "newest" });
      expect(await store.row("approval", "x")).toEqual(row("x", { kind: "approval" }));
      expect(await store.row("token", "x")).toBeNull();
      await store.commit(batch({ rows: [row("x")] }));
      expect(await store.row("session", "x")).toEqual(row("x"));
    });

    it("find a token by its secret, a revoked one too", async () => {
      const store = await openStore(make);
      const token = row("t", { kind: "token", secret: "hash", live: false });
      await store.commit(batch({ rows: [token] }));
      expect(await store.rowBySecret("hash")).toEqual(token);
      expect(await store.rowBySecret("other")).toBeNull();
    });

    it("are listed newest first, live ones only, unless asked otherwise", async () => {
      const store = await openStore(make);
      await store.commit(
        batch({
          rows: [
            row("a", { createdAt: 1 }),
            row("b", { createdAt: 2, live: false }),
            row("c", { createdAt: 3 }),
            row("d", { createdAt: 3 }),
            row("e", { createdAt: 9, kind: "approval" }),
          ],
        }),
      );
      expect(await ids(store, {})).toEqual(["d", "c", "a"]);
      expect(await ids(store, { live: true })).toEqual(["d", "c", "a"]);
      expect(await ids(store, { live: false })).toEqual(["b"]);
      expect(await ids(store, { live: "all" })).toEqual(["d", "c", "b", "a"]);
      expect(await ids(store, { live: "all", order: "oldest" })).toEqual(["a", "b", "c", "d"]);
    });

    it("are filtered by status, parent, label, owner and process, together", async () => {
      const store = await openStore(make);
      await store.commit(
        batch({
          rows: [
            row("a", { status: "idle", parent: "p", label: "fizz", attached: true }),
            row("b", { status: "working", parent: "p", label: "fizz", live: false, owner: "o" }),
            row("c", { status: "waiting", parent: "q", attached: true }),
            row("d", { status: null, label: "top", owner: "o" }),
          ],
        }),
      );
      expect(await ids(store, { status: ["idle", "waiting"] })).toEqual(["c", "a"]);
      expect(await ids(store, { status: [] })).toEqual([]);
      expect(await ids(store, { parent: "p" })).toEqual(["a"]);
      expect(await ids(store, { parent: "p", live: "all" })).toEqual(["b", "a"]);
      expect(await ids(store, { label: "fizz", live: "all" })).toEqual(["b", "a"]);
      expect(await ids(store, { label: "FIZZ", live: "all" })).toEqual([]);
      expect(await ids(store, { owner: "o" })).toEqual(["d"]);
      expect(await ids(store, { owner: "o", live: "all" })).toEqual(["d", "b"]);
      expect(await ids(store, { owner: "o", parent: "p", live: "all" })).toEqual(["b"]);
      expect(await ids(store, { owner: "another" })).toEqual([]);
      expect(await ids(store, { attached: true })).toEqual(["c", "a"]);
      expect(await ids(store, { attached: false, live: "all" })).toEqual(["d", "b"]);
      expect(await ids(store, { attached: true, parent: "q", status: ["waiting"] })).toEqual(["c"]);
    });

    it.each([
      { order: "newest", live: true },
      { order: "oldest", live: "all" },
    ] as const)(
      "are paged $order, none twice and none left out ($live)",
      async ({ order, live }) => {
        const store = await openStore(make);
        const made = Array.from({ length: 23 }, (_, index) =>
          row(`s${String(index).padStart(2, "0")}`, { createdAt: Math.floor(index / 4) }),
        );
        await store.commit(batch({ rows: made }));
        const seen: string[] = [];
        let cursor: string | undefined;
        for (let pages = 0; pages < 10; pages += 1) {
          const page = await store.rows({
            kind: "session",
            order,
            live,
            limit: 5,
            ...(cursor === undefined ? {} : { cursor }),
          });
          seen.push(...page.rows.map(({ id }) => id));
          if (page.next === null) break;
          cursor = page.next;
        }
        const sorted = made.map(({ id }) => id);
        expect(seen).toEqual(order === "oldest" ? sorted : sorted.toReversed());
      },
    );

    it("say that the last page is the last when it is exactly full", async () => {
      const store = await openStore(make);
      await store.commit(batch({ rows: [row("a"), row("b")] }));
      expect((await store.rows({ kind: "session", limit: 2 })).next).toBeNull();
    });

    it("refuse a cursor that is none", async () => {
      const store = await openStore(make);
      for (const cursor of ["", "x", ".a", "1e99.a", "' OR 1=1"])
        await expect(store.rows({ kind: "session", limit: 2, cursor })).rejects.toMatchObject({
          problem: { code: "invalid_input" },
        });
    });

    it("are counted by status, live ones alone", async () => {
      const store = await openStore(make);
      await store.commit(
        batch({
          rows: [
            row("a"),
            row("b"),
            row("c", { status: "working" }),
            row("d", { status: "working", live: false }),
            row("e", { kind: "token", status: null }),
          ],
        }),
      );
      expect(await store.counts("session")).toEqual({ idle: 2, working: 1 });
      expect(await store.counts("token")).toEqual({ "": 1 });
      expect(await store.counts("backend")).toEqual({});
    });
  });
};
