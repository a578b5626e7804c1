/** Reading events: from a position, of all or of one stream. */
import { describe, expect, it } from "vitest";
import { batch, event, open, openStore, run } from "./kit.ts";
import type { Make } from "./kit.ts";

export const log = (make: Make): void => {
  describe("events", () => {
    it("gives back what was written, to the letter", async () => {
      const store = await openStore(make);
      const data = `{"text":"naïve \\u0000 \\ud800 🧶 </script>","big":9007199254740991}`;
      const written = event("a", 1, { type: "session.item", data, at: 0, clientId: "é:1" });
      await store.commit(batch({ events: [written] }));
      const { clientId: _, ...stored } = written;
      expect(await store.events({ after: 0, limit: 1 })).toEqual([{ position: 1, ...stored }]);
    });

    it("goes on after a position, page by page", async () => {
      const store = await openStore(make);
      await store.commit(batch({ events: run("a", 1, 25) }));
      const positions: number[] = [];
      for (let after = 0; after < 25; after = positions.at(-1) ?? 25) {
        const page = await store.events({ after, limit: 7 });
        expect(page.length).toBeLessThanOrEqual(7);
        positions.push(...page.map(({ position }) => position));
      }
      expect(positions).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
      expect(await store.events({ after: 25, limit: 7 })).toEqual([]);
    });

    it("finds the place of a position in one stream, wherever it lies", async () => {
      const store = await openStore(make);
      // b's events are at 3, 6, 9, ... between those of a.
      const mixed = Array.from({ length: 30 }, (_, index) => {
        const position = index + 1;
        return position % 3 === 0
          ? event("b", position / 3)
          : event("a", position - Math.floor(position / 3));
      });
      await store.commit(batch({ events: mixed }));
      for (let after = 0; after <= 31; after += 1) {
        const page = await store.events({ after, stream: "b", limit: 100 });
        const expected = [3, 6, 9, 12, 15, 18, 21, 24, 27, 30].filter((at) => at > after);
        expect(page.map(({ position }) => position)).toEqual(expected);
        expect(page.every(({ stream }) => stream === "b")).toBe(true);
      }
      expect(await store.events({ after: 0, stream: "b", limit: 2 })).toHaveLength(2);
      expect(await store.events({ after: 0, stream: "nobody", limit: 2 })).toEqual([]);
    });

    it("knows each stream's head, and none for a stranger", async () => {
      const under = await open(make);
      await under.store.commit(batch({ events: [...run("a", 1, 3), ...run("b", 1, 1)] }));
      for (const reach of [async () => under.store, () => under.reopen()]) {
        const store = await reach();
        expect(await store.streamHead("a")).toBe(3);
        expect(await store.streamHead("b")).toBe(1);
        expect(await store.streamHead("c")).toBe(0);
      }
    });

    it("goes on with dense positions after a reopening", async () => {
      const under = await open(make);
      await under.store.commit(batch({ events: run("a", 1, 3) }));
      const store = await under.reopen();
      expect(await store.commit(batch({ events: run("a", 4, 4) }))).toEqual({ position: 4 });
    });

    it("tells which reports are there, among a thousand", async () => {
      const store = await openStore(make);
      const ids = Array.from({ length: 1_000 }, (_, index) => `hook-${index}`);
      const events = ids
        .filter((_, index) => index % 2 === 0)
        .map((clientId, index) => event("a", index + 1, { clientId }));
      await store.commit(batch({ events }));
      const found = await store.reported("a", ids);
      expect(found.size).toBe(500);
      expect(found.get("hook-0")).toBe(1);
      expect(found.get("hook-998")).toBe(500);
      expect(found.has("hook-1")).toBe(false);
      expect((await store.reported("nobody", ids)).size).toBe(0);
    });
  });
};
