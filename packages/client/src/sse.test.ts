import * as fc from "fast-check";
import { expect, test } from "vitest";
import { serverEvents } from "./sse.ts";

const read = async (bytes: Uint8Array, sizes: readonly number[]): Promise<string[]> => {
  async function* chunks() {
    let at = 0;
    for (const size of [...sizes, bytes.length]) {
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  return Array.fromAsync(serverEvents(chunks()), ({ data }) => data);
};

test("the same events come out however the bytes are cut, whatever ends the lines", async () => {
  const text = (end: string) =>
    [
      "retry: 1",
      ": beat",
      "",
      "id: 1",
      'data: {"ü":"虎"}',
      "",
      "data:a",
      "data",
      "data:  b",
      "",
      "data: unfinished",
    ].join(end);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 60 }),
      async (end, sizes) => {
        const bytes = new TextEncoder().encode(text(end));
        expect(await read(bytes, sizes)).toEqual(['{"ü":"虎"}', "a\n\n b"]);
      },
    ),
  );
});
