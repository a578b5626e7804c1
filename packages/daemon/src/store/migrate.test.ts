import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { MIGRATIONS } from "./migrate.ts";
import type { Migration } from "./migrate.ts";
import { makeFile, openFile } from "./testkit/files.ts";
import { batch, run } from "./testkit/kit.ts";

const upTo = (version: number): readonly Migration[] => [
  ...MIGRATIONS,
  ...Array.from({ length: version - MIGRATIONS.length }, (_, index) => ({
    version: MIGRATIONS.length + index + 1,
    name: `step ${index}`,
    up: (db: Parameters<Migration["up"]>[0]) => db.exec(`CREATE TABLE step_${index} (id)`),
  })),
];

const snapshots = (file: string): string[] =>
  readdirSync(join(dirname(file), "snapshots")).toSorted();

/** The first schema with three events in it, closed. */
const old = async (): Promise<string> => {
  const file = makeFile();
  const store = await openFile(file);
  await store.commit(batch({ events: run("a", 1, 3) }));
  await store.close();
  return file;
};

it("makes no snapshot of a new file", async () => {
  const file = makeFile();
  await openFile(file);
  expect(readdirSync(dirname(file))).not.toContain("snapshots");
});

it("puts a snapshot aside before each step, which the old version opens with all that was in it", async () => {
  const file = await old();
  const store = await openFile(file, { migrations: upTo(3) });
  expect(await store.head()).toBe(3);
  expect(snapshots(file)).toEqual([
    "skein-20231114T221320.000Z-schema1.db",
    "skein-20231114T221320.000Z-schema2.db",
  ]);
  await store.close();
  await expect(openFile(file)).rejects.toMatchObject({
    problem: { details: { found: 3, known: 1 } },
  });
  const before = await openFile(join(dirname(file), "snapshots", snapshots(file)[0] ?? ""));
  expect((await before.events({ after: 0, limit: 9 })).map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

it("keeps the newest three snapshots, and clears away what a crash left half made", async () => {
  const file = await old();
  const folder = join(dirname(file), "snapshots");
  mkdirSync(folder);
  writeFileSync(join(folder, "skein-20200101T000000.000Z-schema1.db"), "");
  writeFileSync(join(folder, "skein-20200101T000000.000Z-schema1.db.tmp"), "");
  await openFile(file, { migrations: upTo(4) });
  expect(snapshots(file).map((name) => name.slice(-10))).toEqual(
    ["chema1.db", "chema2.db", "chema3.db"].map((end) => `s${end}`),
  );
});

it("leaves the old file when it ends in the middle of a step, and goes on from there", async () => {
  const file = await old();
  const failpoint = (name: string, side: string): void => {
    if (name === "migration" && side === "before") throw new Error("the lights went out");
  };
  await expect(openFile(file, { migrations: upTo(2), failpoint })).rejects.toThrow("lights");
  const again = await openFile(file);
  expect(await again.head()).toBe(3);
  await again.close();
  const store = await openFile(file, { migrations: upTo(2) });
  expect(await store.commit(batch({ events: run("a", 4, 4) }))).toEqual({ position: 4 });
});

it("undoes a step that fails, and those before it stay", async () => {
  const file = await old();
  const broken: Migration = {
    version: 3,
    name: "broken",
    up: (db) => {
      db.exec("CREATE TABLE half (id)");
      throw new Error("a bug");
    },
  };
  await expect(openFile(file, { migrations: [...upTo(2), broken] })).rejects.toThrow("a bug");
  await openFile(file, {
    migrations: [
      ...upTo(2),
      {
        ...broken,
        up: (db) =>
          expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").all()).toEqual(
            [],
          ),
      },
    ],
  });
});
