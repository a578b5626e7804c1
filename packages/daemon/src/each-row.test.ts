import { expect, test } from "vitest";
import { eachRow } from "./each-row.ts";

const PAGES = [
  { rows: [1, 2], next: "b" },
  { rows: [], next: "c" },
  { rows: [3], next: null },
];

const makeList = () => {
  const asked: (string | undefined)[] = [];
  const read = async ({ cursor }: { readonly cursor?: string }) => {
    asked.push(cursor);
    return PAGES[["a", "b", "c"].indexOf(cursor ?? "a")]!;
  };
  return { asked, read };
};

test("every row of every page comes once, in order", async () => {
  const { asked, read } = makeList();
  expect(await Array.fromAsync(eachRow(read))).toEqual([1, 2, 3]);
  expect(asked).toEqual([undefined, "b", "c"]);
});

test("who stops early reads no further page", async () => {
  const { asked, read } = makeList();
  for await (const row of eachRow(read)) if (row === 2) break;
  expect(asked).toEqual([undefined]);
});
