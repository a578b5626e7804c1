import type { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import type { RowQuery } from "../engine/ports.ts";
import { sqlFor } from "./rows.ts";
import { makeFile, openFile, spy } from "./testkit/files.ts";

/** Read whole on purpose: what is not settled is little, and all of it is asked for, in the order of the table. */
const WHOLE = /^SCAN effects$/;
/** Counting live rows by status sorts what the index of live rows holds: some thousands at most. */
const SORTED = "GROUP BY status";

const shapes = (): string[] => {
  const some = <T>(value: T): (T | undefined)[] => [undefined, value];
  const found: string[] = [];
  for (const order of ["newest", "oldest"] as const)
    for (const live of [true, false, "all"] as const)
      for (const status of some(["idle"]))
        for (const parent of some("p"))
          for (const label of some("l"))
            for (const [attached, owner] of [
              [undefined, undefined],
              [true, undefined],
              [false, undefined],
              [undefined, "tok"],
            ]) {
              const query = {
                kind: "session",
                limit: 5,
                order,
                live,
                status,
                parent,
                label,
                attached,
                owner,
              };
              found.push(sqlFor(query as RowQuery));
            }
  return found;
};

it("no statement reads a whole table or sorts what an index could give in order", async () => {
  const statements = new Set<string>(shapes());
  let db: DatabaseSync | null = null;
  await openFile(makeFile(), {
    migrations: spy((own) => {
      db = own;
      const prepare = own.prepare.bind(own);
      own.prepare = (sql) => {
        statements.add(sql);
        return prepare(sql);
      };
    }),
  });
  const own = db as DatabaseSync | null;
  const plans = [...statements]
    .filter((sql) => /^(SELECT|INSERT|UPDATE|DELETE)/.test(sql))
    .flatMap((sql) =>
      (own?.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() ?? []).map((step) => ({
        sql,
        detail: String(step["detail"]),
      })),
    );
  expect(plans.length).toBeGreaterThan(100);
  const bad = plans.filter(
    ({ sql, detail }) =>
      (detail.startsWith("SCAN") &&
        !WHOLE.test(detail) &&
        !/json_each|CONSTANT ROW/.test(detail)) ||
      (detail.includes("TEMP B-TREE") && !sql.includes(SORTED)),
  );
  expect(bad).toEqual([]);
});
