import { expect, test } from "vitest";
import { makeJournal } from "./journal.ts";

test("facts that gather while a report is synced go in the next one, in order, with the newest place", async () => {
  const reports: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  const report = async (one: {
    facts: readonly unknown[];
    checkpoint?: unknown;
  }): Promise<void> => {
    reports.push([one.facts.length, (one.checkpoint as { offset: number }).offset]);
    await gate.promise;
  };
  const journal = makeJournal({ report }, async (facts) => facts);
  const fact = { fact: "notice", level: "info", text: "" } as const;
  for (let offset = 1; offset <= 5; offset += 1)
    await journal.add([fact], { checkpoint: () => ({ offset }) });
  gate.resolve();
  await journal.flushed();
  expect(reports).toEqual([
    [1, 1],
    [4, 5],
  ]);
});

test("when the generation is over, the reader hears it at its next word", async () => {
  const report = async (): Promise<void> => {
    throw new Error("over");
  };
  const journal = makeJournal({ report }, async (facts) => facts);
  const mark = { checkpoint: () => null };
  await journal.add([], mark);
  await expect(journal.flushed()).rejects.toThrow("over");
  await expect(journal.add([], mark)).rejects.toThrow("over");
});
