/** One transaction: all of a batch, or nothing of it. */
import { describe, expect, it } from "vitest";
import {
  batch,
  effect,
  event,
  failureOf,
  item,
  open,
  openStore,
  receipt,
  row,
  run,
} from "./kit.ts";
import type { Make } from "./kit.ts";

/** A batch with something of every kind, around these events. */
const full = (tag: string) =>
  batch({
    events: [event(tag, 1, { clientId: `${tag}-1` }), event(tag, 2)],
    rows: [row(tag, { secret: `${tag}-secret` })],
    items: [item(tag, 1)],
    turns: [{ session: tag, number: 1, turn: "{}" }],
    receipts: [receipt(tag, 5)],
    claims: [{ space: "name", key: tag, owner: tag }],
    effects: [effect(tag)],
    checkpoints: [{ session: tag, generation: 1, value: "7" }],
  });

export const commits = (make: Make): void => {
  describe("commit", () => {
    it("gives positions without holes, in the batch's order, over batches and streams", async () => {
      const store = await openStore(make);
      expect(await store.head()).toBe(0);
      expect(await store.commit(batch({ events: run("a", 1, 3) }))).toEqual({ position: 1 });
      expect(await store.commit(batch({ events: [event("b", 1), event("a", 4)] }))).toEqual({
        position: 4,
      });
      expect(await store.head()).toBe(5);
      const all = await store.events({ after: 0, limit: 10 });
      expect(all.map(({ position, stream, seq }) => [position, stream, seq])).toEqual([
        [1, "a", 1],
        [2, "a", 2],
        [3, "a", 3],
        [4, "b", 1],
        [5, "a", 4],
      ]);
    });

    it("answers a batch without events with the head", async () => {
      const store = await openStore(make);
      expect(await store.commit(batch({ rows: [row("r")] }))).toEqual({ position: 0 });
      await store.commit(batch({ events: run("a", 1, 2) }));
      expect(await store.commit(batch({}))).toEqual({ position: 2 });
    });

    it("keeps everything of a batch, over a reopening too", async () => {
      const under = await open(make);
      await under.store.commit(full("x"));
      for (const reach of [async () => under.store, () => under.reopen()]) {
        const store = await reach();
        expect(await store.head()).toBe(2);
        expect(await store.streamHead("x")).toBe(2);
        expect(await store.row("session", "x")).toEqual(row("x", { secret: "x-secret" }));
        expect((await store.items({ session: "x", from: "start", limit: 9 })).rows).toHaveLength(1);
        expect((await store.turns({ session: "x", limit: 9 })).rows).toHaveLength(1);
        expect(await store.receipt("x")).toEqual(receipt("x", 5));
        expect(await store.claimed("name", "x")).toBe("x");
        expect(await store.effects()).toEqual([{ ...effect("x"), leasedAt: null }]);
        expect(await store.checkpoint("x", 1)).toBe("7");
        expect([...(await store.reported("x", ["x-1"]))]).toEqual([["x-1", 1]]);
      }
    });

    it("keeps nothing of a batch whose claim is held by someone else, and names the claim", async () => {
      const store = await openStore(make);
      await store.commit(batch({ claims: [{ space: "name", key: "fizz", owner: "first" }] }));
      const wanted = { space: "name", key: "fizz", owner: "y" };
      const refused = full("y");
      const failure = await failureOf(
        store.commit({ ...refused, claims: [...refused.claims, wanted] }),
      );
      expect(failure.store).toEqual({ kind: "claimed", claim: wanted });

      expect(await store.head()).toBe(0);
      expect(await store.streamHead("y")).toBe(0);
      expect(await store.row("session", "y")).toBeNull();
      expect(await store.rowBySecret("y-secret")).toBeNull();
      expect((await store.items({ session: "y", from: "end", limit: 9 })).rows).toEqual([]);
      expect((await store.turns({ session: "y", limit: 9 })).rows).toEqual([]);
      expect(await store.receipt("y")).toBeNull();
      expect(await store.claimed("name", "y")).toBeNull();
      expect(await store.effects()).toEqual([]);
      expect(await store.checkpoint("y", 1)).toBeNull();
      expect((await store.reported("y", ["y-1"])).size).toBe(0);
      // The names of the refused batch must not linger: the same stream is written now, and read.
      expect(await store.commit(full("y"))).toEqual({ position: 1 });
      expect((await store.events({ after: 0, stream: "y", limit: 9 })).length).toBe(2);
    });

    it("keeps nothing of a batch with a seq that the stream has already", async () => {
      const store = await openStore(make);
      await store.commit(batch({ events: run("a", 1, 2) }));
      const failure = await failureOf(
        store.commit(batch({ events: [event("b", 1), event("a", 2)], rows: [row("r")] })),
      );
      expect(failure.store).toEqual({ kind: "conflict", stream: "a" });
      expect(await store.head()).toBe(2);
      expect(await store.streamHead("b")).toBe(0);
      expect(await store.row("session", "r")).toBeNull();
      expect(await store.commit(batch({ events: [event("b", 1)] }))).toEqual({ position: 3 });
    });

    it("refuses the same report in a stream twice, and takes it in another", async () => {
      const store = await openStore(make);
      const report = (stream: string, seq: number) => event(stream, seq, { clientId: "same" });
      await store.commit(batch({ events: [report("a", 1)] }));
      const failure = await failureOf(store.commit(batch({ events: [report("a", 2)] })));
      expect(failure.store).toEqual({ kind: "conflict", stream: "a" });
      await store.commit(batch({ events: [report("b", 1)] }));
      expect([...(await store.reported("b", ["same", "other"]))]).toEqual([["same", 1]]);
    });

    it("gives a released claim away in the same batch, but only to release by its holder", async () => {
      const store = await openStore(make);
      const of = (owner: string) => ({ space: "name", key: "fizz", owner });
      await store.commit(batch({ claims: [of("a")] }));
      await store.commit(batch({ claims: [of("a")] }));
      await store.commit(batch({ releases: [of("stranger")] }));
      expect(await store.claimed("name", "fizz")).toBe("a");
      await store.commit(batch({ releases: [of("a")], claims: [of("b")] }));
      expect(await store.claimed("name", "fizz")).toBe("b");
      expect(await store.claimed("other space", "fizz")).toBeNull();
    });

    it("finds no damage in what it wrote", async () => {
      const store = await openStore(make);
      await store.commit(full("x"));
      expect(await store.check()).toEqual([]);
    });
  });
};
