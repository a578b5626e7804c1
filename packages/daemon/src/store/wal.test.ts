import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { leaveBehind, makeFile, openFile } from "./testkit/files.ts";
import { batch, event } from "./testkit/kit.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Commits of ten events, 400 KB each. */
const fill = async (store: Awaited<ReturnType<typeof openFile>>, from: number, commits: number) => {
  const data = JSON.stringify("x".repeat(40_000));
  for (let count = 0; count < commits; count += 1) {
    const first = from + count * 10;
    const events = Array.from({ length: 10 }, (_, at) => event("a", first + at, { data }));
    await store.commit(batch({ events }));
    await turn();
  }
};
const MB = 1024 * 1024;

it("stays short, however much is written", async () => {
  const file = makeFile();
  const store = await openFile(file);
  // About 20 MB, of which the log may hold 4 and what came since it was last measured.
  await fill(store, 1, 50);
  expect(statSync(`${file}-wal`).size).toBeLessThan(7 * MB);
  expect(statSync(file).size).toBeGreaterThan(12 * MB);
});

it(
  "waits for nobody, and is short again when a reader that held it up has gone",
  { timeout: 20_000 },
  async () => {
    const file = makeFile();
    const store = await openFile(file);
    await fill(store, 1, 1);
    const reader = new DatabaseSync(file, { readOnly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM events").get();
    await fill(store, 11, 90);
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(34 * MB);
    reader.close();
    // It goes over on a thread; a commit after that begins the log anew, and cuts it.
    let commits = 91;
    for (; commits < 1_000 && statSync(`${file}-wal`).size > 20 * MB; commits += 1) {
      await store.commit(batch({ events: [event("b", commits)] }));
      await turn();
    }
    expect(statSync(`${file}-wal`).size).toBeLessThan(20 * MB);
    expect(await store.streamHead("a")).toBe(910);
    expect(await store.check()).toEqual([]);
  },
);

it("carries over at once what a crash left in it", async () => {
  const file = makeFile();
  const first = await openFile(file);
  await first.commit(batch({ events: [event("a", 1)] }));
  await first.close();
  leaveBehind(file, (db) => {
    db.exec("INSERT INTO events VALUES (2, 1, 2, 0, 1, '\"only in the log\"', NULL)");
  });
  const store = await openFile(file);
  expect(await store.head()).toBe(2);
  const db = new DatabaseSync(file, { readOnly: true });
  const { log, checkpointed } = db.prepare("PRAGMA wal_checkpoint(NOOP)").get() ?? {};
  db.close();
  expect(checkpointed).toBe(log);
});
