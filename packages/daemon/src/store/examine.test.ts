import { closeSync, openSync, statSync, truncateSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { examineDatabase } from "./examine.ts";
import { contents, makeFile, openFile } from "./testkit/files.ts";
import { batch, run } from "./testkit/kit.ts";

const look = (file: string) => examineDatabase(file, new AbortController().signal);

const filled = async (): Promise<string> => {
  const file = makeFile();
  const store = await openFile(file);
  await store.commit(batch({ events: run("a", 1, 500) }));
  await store.close();
  return file;
};

describe("a look at a database that no daemon has", () => {
  it("finds nothing in one that is whole, or that is not there", async () => {
    expect(await look(await filled())).toBeNull();
    expect(await look(makeFile())).toBeNull();
  });

  it("finds a page in the middle that was overwritten, and touches nothing", async () => {
    const file = await filled();
    const descriptor = openSync(file, "r+");
    const middle = Math.floor(statSync(file).size / 8192) * 4096;
    writeSync(descriptor, Buffer.alloc(4096, 0xa5), 0, 4096, middle);
    closeSync(descriptor);
    const before = contents(dirname(file));
    const problem = await look(file);
    expect(problem?.message).toContain(`${file} is damaged: `);
    expect(problem?.remedy).toMatch(/snapshots/);
    expect(contents(dirname(file))).toEqual(before);
  });

  it("finds one that was cut short, and one that a newer Skein made", async () => {
    const [short, newer] = [await filled(), await filled()];
    truncateSync(short, 8192);
    expect((await look(short))?.message).toContain("is shorter than it says");
    const db = new DatabaseSync(newer);
    db.exec("PRAGMA user_version = 9999");
    db.close();
    expect((await look(newer))?.message).toContain("newer Skein");
  });
});
