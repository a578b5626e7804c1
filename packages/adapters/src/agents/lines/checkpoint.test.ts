import { expect, test } from "vitest";
import { fromCheckpoint, toCheckpoint } from "./checkpoint.ts";

const initial = { ready: false, newer: "" };

test("a checkpoint is only believed when it is of this generation and version", () => {
  const stored = toCheckpoint({ state: { ready: true }, offset: 99 }, 4);
  const read = (checkpoint: unknown) => fromCheckpoint({ checkpoint, generation: 4 }, initial);
  expect(read(stored)).toEqual({ offset: 99, state: { ready: true, newer: "" } });
  for (const other of [
    null,
    undefined,
    7,
    {},
    { ...stored, version: 2 },
    toCheckpoint({ state: initial, offset: 9 }, 3),
  ])
    expect(read(other)).toEqual({ offset: 0, state: initial });
});
