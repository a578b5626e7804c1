import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { APPLICATION_ID } from "./database.ts";
import { MIGRATIONS } from "./migrate.ts";
import type { Migration } from "./migrations/migration.ts";
import { first } from "./migrations/0001-first.ts";
import { makeFile, openFile } from "./testkit/files.ts";
import { batch, row, run } from "./testkit/kit.ts";

/** The newest schema there is; the steps of these tests come after it. */
const N = MIGRATIONS.length;

const upTo = (version: number): readonly Migration[] => [
  ...MIGRATIONS,
  ...Array.from({ length: version - N }, (_, index) => ({
    version: N + index + 1,
    name: `step ${index}`,
    up: (db: Parameters<Migration["up"]>[0]) => db.exec(`CREATE TABLE step_${index} (id)`),
  })),
];

const snapshots = (file: string): string[] =>
  readdirSync(join(dirname(file), "snapshots")).toSorted();

/** The newest schema with three events in it, closed. */
const old = async (): Promise<string> => {
  const file = makeFile();
  const store = await openFile(file);
  await store.commit(batch({ events: run("a", 1, 3) }));
  await store.close();
  return file;
};

it("reads what the first schema kept", async () => {
  const file = makeFile();
  const db = new DatabaseSync(file);
  first.up(db);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1;
    INSERT INTO rows (kind, id, stream, state, label, status, live, attached, created_at)
    VALUES ('session', 'x', 'x', '{"id":"x"}', NULL, 'idle', 1, 0, 1000)`);
  db.close();
  const store = await openFile(file);
  expect(await store.row("session", "x")).toEqual(row("x"));
});

it("makes no snapshot of a new file", async () => {
  const file = makeFile();
  await openFile(file);
  expect(readdirSync(dirname(file))).not.toContain("snapshots");
});

it("puts a snapshot aside before each step, which the old version opens with all that was in it", async () => {
  const file = await old();
  const store = await openFile(file, { migrations: upTo(N + 2) });
  expect(await store.head()).toBe(3);
  expect(snapshots(file)).toEqual([
    `skein-20231114T221320.000Z-schema${N}.db`,
    `skein-20231114T221320.000Z-schema${N + 1}.db`,
  ]);
  await store.close();
  await expect(openFile(file)).rejects.toMatchObject({
    problem: { details: { found: N + 2, known: N } },
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
  await openFile(file, { migrations: upTo(N + 3) });
  expect(snapshots(file).map((name) => name.slice(name.indexOf("schema")))).toEqual([
    `schema${N}.db`,
    `schema${N + 1}.db`,
    `schema${N + 2}.db`,
  ]);
});

it("leaves the old file when it ends in the middle of a step, and goes on from there", async () => {
  const file = await old();
  const failpoint = (name: string, side: string): void => {
    if (name === "migration" && side === "before") throw new Error("the lights went out");
  };
  await expect(openFile(file, { migrations: upTo(N + 1), failpoint })).rejects.toThrow("lights");
  const again = await openFile(file);
  expect(await again.head()).toBe(3);
  await again.close();
  const store = await openFile(file, { migrations: upTo(N + 1) });
  expect(await store.commit(batch({ events: run("a", 4, 4) }))).toEqual({ position: 4 });
});

it("undoes a step that fails, and those before it stay", async () => {
  const file = await old();
  const broken: Migration = {
    version: N + 2,
    name: "broken",
    up: (db) => {
      db.exec("CREATE TABLE half (id)");
      throw new Error("a bug");
    },
  };
  await expect(openFile(file, { migrations: [...upTo(N + 1), broken] })).rejects.toThrow("a bug");
  await openFile(file, {
    migrations: [
      ...upTo(N + 1),
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
