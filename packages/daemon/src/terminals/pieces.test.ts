import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { readPieces } from "./pieces.ts";

const breathe = async (): Promise<void> => {
  for (let times = 0; times < 10; times += 1) await new Promise((resolve) => setImmediate(resolve));
};

const stream = () => new Readable({ read: () => {} });
const sources = {
  "a stream": (): { from: Readable; output: AsyncIterable<Uint8Array> } => {
    const from = stream();
    return { from, output: from };
  },
  "an iterator": () => {
    const from = stream();
    const output = async function* (): AsyncGenerator<Uint8Array> {
      yield* from as AsyncIterable<Uint8Array>;
    };
    return { from, output: output() };
  },
};

describe.each(Object.entries(sources))("of %s", (_, make) => {
  test("each piece is taken in order, none while one is held, and the end comes behind the last", async () => {
    const { from, output } = make();
    const taken: string[] = [];
    const room = Promise.withResolvers<void>();
    let isOver = false;
    const reading = readPieces(output, (bytes) => {
      taken.push(Buffer.from(bytes).toString());
      return taken.length === 2 ? room.promise : undefined;
    }).then(() => (isOver = true));
    for (const piece of ["one", "two"]) {
      from.push(Buffer.from(piece));
      await breathe();
    }
    from.push(Buffer.from("three"));
    from.push(null);
    await breathe();
    expect([taken, isOver]).toEqual([["one", "two"], false]);
    room.resolve();
    await reading;
    expect(taken).toEqual(["one", "two", "three"]);
  });

  test("one that is destroyed ends it", async () => {
    const { from, output } = make();
    const reading = readPieces(output, () => {});
    await breathe();
    from.destroy(new Error("broken"));
    await expect(reading).resolves.toBeUndefined();
  });
});
