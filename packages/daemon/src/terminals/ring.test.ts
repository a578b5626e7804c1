import { expect, test } from "vitest";
import { makeRing } from "./ring.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("keeps the newest, by offset, whatever the sizes of what is appended", () => {
  const ring = makeRing(16);
  let all = "";
  for (const size of [3, 7, 16, 1, 40, 5, 15, 0, 33]) {
    const part = Array.from({ length: size }, (_, at) =>
      String.fromCharCode(97 + ((all.length + at) % 26)),
    ).join("");
    ring.append(Buffer.from(part));
    all += part;
    expect([ring.head, ring.start]).toEqual([all.length, Math.max(0, all.length - 16)]);
    for (let from = ring.start; from <= ring.head; from += 1) {
      expect(text(ring.read(from, 100))).toBe(all.slice(from));
      expect(text(ring.read(from, 3))).toBe(all.slice(from, from + 3));
    }
  }
});

test("a cut forgets what was and goes on counting", () => {
  const ring = makeRing(16);
  ring.append(Buffer.from("abc"));
  ring.cut();
  ring.append(Buffer.from("de"));
  expect([ring.start, ring.head, text(ring.read(3, 9))]).toEqual([3, 5, "de"]);
});
