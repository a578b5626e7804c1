import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { MIGRATIONS } from "./migrate.ts";
import { openSqliteStore } from "./sqlite.ts";
import { makeFile, makeFolder, openFile, spy } from "./testkit/files.ts";
import { batch, event, failureOf, row, run } from "./testkit/kit.ts";

const long = (seq: number) => event("a", seq, { data: JSON.stringify("x".repeat(100_000)) });

describe("a full disk", () => {
  it("refuses the commit, keeps nothing of it, and takes the next one when there is room", async () => {
    let db: DatabaseSync | null = null;
    const store = await openFile(makeFile(), { migrations: spy((own) => (db = own)) });
    const pages = (most: number) =>
      (db as DatabaseSync | null)?.exec(`PRAGMA max_page_count = ${most}`);
    await store.commit(batch({ events: run("a", 1, 2) }));

    pages(1);
    const failure = await failureOf(
      store.commit(batch({ events: [event("new", 1), long(3)], rows: [row("r")] })),
    );
    expect(failure.store).toEqual({ kind: "full" });
    expect(failure.message).toMatch(/^The disk that holds .*skein\.db is full\.$/);
    expect(await store.head()).toBe(2);
    expect(await store.row("session", "r")).toBeNull();
    expect((await store.events({ after: 0, limit: 9 })).map(({ seq }) => seq)).toEqual([1, 2]);

    pages(1_000_000);
    const kept = await store.commit(batch({ events: [long(3), event("new", 1)] }));
    expect(kept).toEqual({ position: 3 });
    expect(await store.streamHead("new")).toBe(1);
    expect(await store.check()).toEqual([]);
  });
});

/** Runs a store in a process of its own, whose files may not grow past so many blocks of 512 bytes: a write then fails with EFBIG. */
const inSmallProcess = (file: string, blocks: number) => {
  const url = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `
    const { openSqliteStore } = await import(${url("./sqlite.ts")});
    const { emptyBatch } = await import(${url("../engine/ports.ts")});
    const store = await openSqliteStore({ file: ${JSON.stringify(file)}, clock: Date });
    const commit = (seq) => store.commit({ ...emptyBatch, events: [
      { stream: "a", seq, at: 0, type: "t", data: JSON.stringify("x".repeat(3000)), clientId: null }] });
    let acknowledged = 0;
    const outcome = [];
    for (let seq = 1; seq < 1000 && outcome.length < 2; seq += 1)
      await commit(seq).then(() => (acknowledged = seq), (error) => { outcome.push(error.store); seq -= 1; });
    const readable = (await store.events({ after: 0, limit: 1000 })).length;
    await store.close();
    console.log(JSON.stringify({ acknowledged, outcome, readable }));
  `;
  const { stdout, stderr } = spawnSync(
    "sh",
    ["-c", `ulimit -f ${blocks}; exec "$0" --input-type=module -e "$1"`, process.execPath, script],
    { encoding: "utf8" },
  );
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as { acknowledged: number; outcome: unknown[]; readable: number };
};

describe("a disk that fails", () => {
  it(
    "ends all writing, reads on, and the next start has every acknowledged event",
    { timeout: 30_000 },
    async () => {
      const file = makeFile();
      const { acknowledged, outcome, readable } = inSmallProcess(file, 512);
      expect(outcome).toEqual([
        { kind: "broken", fatal: true },
        { kind: "broken", fatal: true },
      ]);
      expect(acknowledged).toBeGreaterThan(5);
      expect(readable).toBe(acknowledged);
      const store = await openFile(file);
      const events = await store.events({ after: 0, limit: 1_000 });
      expect(events.map(({ seq }) => seq)).toEqual(
        Array.from({ length: acknowledged }, (_, index) => index + 1),
      );
      expect(await store.check()).toEqual([]);
    },
  );
});

describe("damage", () => {
  it("is found by a check, on another thread, and named", async () => {
    const file = makeFile();
    const first = await openSqliteStore({ file, clock: Date });
    await first.commit(batch({ events: run("a", 1, 2_000) }));
    await first.close();
    const bytes = readFileSync(file);
    // A page in the middle: the newest one is looked at by every opening.
    const page = Math.floor(bytes.length / 8192) * 4096;
    bytes.fill(0xaa, page, page + 100);
    writeFileSync(file, bytes);
    const store = await openFile(file);
    const found = await store.check();
    expect(found.length).toBeGreaterThan(0);
    expect(found.join("\n")).toMatch(/page|malformed|corrupt/i);
  });

  it("ends a check when the store is closed meanwhile", async () => {
    const store = await openFile(makeFile());
    const checking = store.check();
    const outcome = checking.then(
      () => "looked",
      () => "ended early",
    );
    await store.close();
    expect(["looked", "ended early"]).toContain(await outcome);
  });
});

describe("failpoints", () => {
  it("stand on both sides of each commit", async () => {
    const passed: string[] = [];
    const store = await openFile(makeFile(), {
      failpoint: (name, side) => passed.push(`${side} ${name}`),
    });
    await store.commit(batch({ events: run("a", 1, 1) }));
    expect(passed).toEqual([
      ...MIGRATIONS.flatMap(() => ["before migration", "after migration"]),
      "before commit",
      "after commit",
    ]);
  });
});

describe("a place that cannot be written", () => {
  it("is named", { timeout: 30_000 }, () => {
    const folder = makeFolder();
    const url = JSON.stringify(new URL("./sqlite.ts", import.meta.url).href);
    // Root may write anywhere: then the process becomes nobody first.
    const script = `
      const { openSqliteStore } = await import(${url});
      const { chmodSync } = await import("node:fs");
      chmodSync(${JSON.stringify(folder)}, 0o555);
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
      await openSqliteStore({ file: ${JSON.stringify(`${folder}/skein.db`)}, clock: Date })
        .then(() => console.log("opened"), (error) => console.log(JSON.stringify(error.problem)));
    `;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    expect(JSON.parse(stdout)).toMatchObject({
      code: "storage_failed",
      message: `${folder} cannot be written.`,
    });
  });
});
