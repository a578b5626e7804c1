/** Effects, receipts and checkpoints. */
import { describe, expect, it } from "vitest";
import { batch, effect, open, openStore, receipt } from "./kit.ts";
import type { Make } from "./kit.ts";

export const effects = (make: Make): void => {
  describe("effects", () => {
    it("wait in the order they were recorded, begin, and are gone when they are over", async () => {
      const under = await open(make);
      await under.store.commit(batch({ effects: [effect("e2"), effect("e1"), effect("e3")] }));
      await under.store.commit(batch({ leases: [{ id: "e1", at: 77 }] }));
      const store = await under.reopen();
      expect(await store.effects()).toEqual([
        { ...effect("e2"), leasedAt: null },
        { ...effect("e1"), leasedAt: 77 },
        { ...effect("e3"), leasedAt: null },
      ]);
      await store.commit(batch({ settled: ["e1", "e3", "never was"] }));
      expect((await store.effects()).map(({ id }) => id)).toEqual(["e2"]);
      await store.commit(batch({ settled: ["e1"] }));
      expect((await store.effects()).map(({ id }) => id)).toEqual(["e2"]);
    });

    it("can be recorded, begun and over in one batch", async () => {
      const store = await openStore(make);
      await store.commit(
        batch({
          effects: [effect("e1"), effect("e2")],
          leases: [
            { id: "e1", at: 1 },
            { id: "e2", at: 2 },
          ],
          settled: ["e1"],
        }),
      );
      expect(await store.effects()).toEqual([{ ...effect("e2"), leasedAt: 2 }]);
    });

    it("are never recorded twice under one id", async () => {
      const store = await openStore(make);
      await store.commit(batch({ effects: [effect("e1")] }));
      const again = batch({ effects: [effect("e0"), effect("e1", { payload: "other" })] });
      await expect(store.commit(again)).rejects.toBeInstanceOf(Error);
      expect(await store.effects()).toEqual([{ ...effect("e1"), leasedAt: null }]);
    });
  });

  describe("receipts and checkpoints", () => {
    it("forget the old receipts alone, however many", async () => {
      const store = await openStore(make);
      const receipts = Array.from({ length: 2_500 }, (_, at) => receipt(`k${at}`, at));
      await store.commit(batch({ receipts }));
      expect(await store.pruneReceipts(2_400)).toBe(2_400);
      expect(await store.receipt("k2399")).toBeNull();
      expect(await store.receipt("k2400")).toEqual(receipt("k2400", 2_400));
      expect(await store.pruneReceipts(2_400)).toBe(0);
    });

    it("never replace a receipt", async () => {
      const store = await openStore(make);
      await store.commit(batch({ receipts: [receipt("k", 1)] }));
      const again = batch({ receipts: [receipt("k", 2)] });
      await expect(store.commit(again)).rejects.toBeInstanceOf(Error);
      expect(await store.receipt("k")).toEqual(receipt("k", 1));
    });

    it("keep the newest checkpoint of the newest generation", async () => {
      const store = await openStore(make);
      const at = (generation: number, value: string) => ({ session: "s", generation, value });
      await store.commit(batch({ checkpoints: [at(1, "10")] }));
      await store.commit(batch({ checkpoints: [at(1, "20")] }));
      expect(await store.checkpoint("s", 1)).toBe("20");
      await store.commit(batch({ checkpoints: [at(2, "0")] }));
      expect(await store.checkpoint("s", 1)).toBeNull();
      expect(await store.checkpoint("s", 2)).toBe("0");
      expect(await store.checkpoint("s", 3)).toBeNull();
      expect(await store.checkpoint("nobody", 1)).toBeNull();
    });
  });
};
