import { chmodSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isRefusal } from "@skein/contract";
import type { Problem } from "@skein/contract";
import { describe, expect, it } from "vitest";
import { MIGRATIONS } from "./migrate.ts";
import { contents, leaveBehind, makeFile, makeFolder, openFile, spy } from "./testkit/files.ts";
import { batch, run } from "./testkit/kit.ts";

const refusalOf = async (
  file: string,
  more: Parameters<typeof openFile>[1] = {},
): Promise<Problem> => {
  const error = await openFile(file, more).then(
    () => "it opened",
    (caught: unknown) => caught,
  );
  if (!isRefusal(error)) throw new Error(`not a refusal: ${String(error)}`);
  expect(error.problem.message).toContain(file);
  expect(error.problem.remedy).toMatch(/^[A-Z].*\.$/s);
  return error.problem;
};

/** A store with a few events in it, closed. */
const filled = async (file = makeFile()): Promise<string> => {
  const store = await openFile(file);
  await store.commit(batch({ events: run("a", 1, 500) }));
  await store.close();
  return file;
};

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("nobody else may read", () => {
  it("the file, its log and its index, from their creation on", async () => {
    const file = makeFile();
    const store = await openFile(file);
    await store.commit(batch({ events: run("a", 1, 1) }));
    expect([file, `${file}-wal`, `${file}-shm`].map(mode)).toEqual(["600", "600", "600"]);
    await store.close();
  });

  it("those that an earlier version made for all to read", async () => {
    const file = await filled();
    chmodSync(file, 0o644);
    leaveBehind(file, () => undefined);
    const store = await openFile(file);
    await store.commit(batch({ events: run("b", 1, 1) }));
    expect([file, `${file}-wal`, `${file}-shm`].map(mode)).toEqual(["600", "600", "600"]);
    await store.close();
  });
});

describe("opening refuses, with one sentence and a remedy,", () => {
  it("a file that a newer Skein made, and touches nothing", async () => {
    const file = await filled();
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version = 7");
    db.close();
    const before = contents(dirname(file));
    const problem = await refusalOf(file);
    expect(problem.code).toBe("storage_failed");
    expect(problem.message).toContain(
      `was made by a newer Skein (schema 7; this one knows ${MIGRATIONS.length}); nothing was touched`,
    );
    expect(contents(dirname(file))).toEqual(before);
  });

  it("a newer file that says so in its log alone, after a kill", async () => {
    const file = await filled();
    leaveBehind(file, (db) => db.exec("PRAGMA user_version = 7"));
    const before = contents(dirname(file));
    expect((await refusalOf(file)).message).toContain("made by a newer Skein (schema 7");
    const { "skein.db-shm": _, ...after } = contents(dirname(file));
    expect(after).toEqual(before);
  });

  it("what is no database", async () => {
    const file = makeFile();
    writeFileSync(
      file,
      "this is not a database, but it is long enough to be taken for one".repeat(9),
    );
    const before = contents(dirname(file));
    expect((await refusalOf(file)).message).toContain("is damaged");
    expect(contents(dirname(file))).toEqual(before);
  });

  it("a few bytes, a folder, and a database cut short", async () => {
    const [short, folder, cut] = [makeFile(), makeFile(), await filled()];
    writeFileSync(short, "SQLite format 3\0");
    mkdirSync(folder);
    truncateSync(cut, readFileSync(cut).length - 4096);
    for (const file of [short, folder, cut])
      expect((await refusalOf(file)).message).toContain("is damaged");
  });

  it("a database whose pages are overwritten", async () => {
    const file = await filled();
    const bytes = readFileSync(file);
    bytes.fill(0xff, 100, 4096);
    writeFileSync(file, bytes);
    const problem = await refusalOf(file);
    expect(problem.message).toContain("is damaged");
    expect(problem.remedy).toContain("snapshots");
  });

  it("a database of something else, and touches nothing", async () => {
    const [marked, plain] = [makeFile(), makeFile()];
    for (const [file, id] of [
      [marked, 7],
      [plain, 0],
    ] as const) {
      const db = new DatabaseSync(file);
      db.exec(`PRAGMA application_id = ${id}; CREATE TABLE theirs (id)`);
      db.close();
      expect((await refusalOf(file)).message).toContain("not one of Skein's");
      const again = new DatabaseSync(file);
      expect(again.prepare("SELECT name FROM sqlite_schema").all()).toHaveLength(1);
      again.close();
    }
  });

  it("a folder that is not there", async () => {
    const folder = join(makeFolder(), "nowhere");
    await expect(openFile(join(folder, "skein.db"))).rejects.toMatchObject({
      problem: { code: "storage_failed", message: `The folder ${folder} does not exist.` },
    });
  });

  it("a disk that is full", async () => {
    const file = await filled();
    const migrations = spy((db) => {
      db.exec("PRAGMA max_page_count = 1; CREATE TABLE more (id); INSERT INTO more VALUES (1)");
    });
    expect((await refusalOf(file, { migrations })).code).toBe("storage_full");
    // It is as it was, and opens when there is room.
    const store = await openFile(file);
    expect(await store.head()).toBe(500);
  });
});

describe("opening", () => {
  it("takes an empty file, and what kill -9 left in the log", async () => {
    const file = makeFile();
    writeFileSync(file, "");
    await filled(file);
    leaveBehind(file, (db) => {
      db.exec("INSERT INTO events VALUES (501, 1, 501, 0, 1, '{}', NULL)");
    });
    const store = await openFile(file);
    expect(await store.head()).toBe(501);
    expect(await store.streamHead("a")).toBe(501);
  });

  it("sets what the promises rest on", async () => {
    let db: DatabaseSync | null = null;
    await openFile(makeFile(), { migrations: spy((own) => (db = own)) });
    const value = (pragma: string) =>
      Object.values((db as DatabaseSync | null)?.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
    expect(value("synchronous")).toBe(2);
    expect(value("journal_mode")).toBe("wal");
    expect(value("wal_autocheckpoint")).toBe(0);
  });
});
