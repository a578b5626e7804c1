import { expect, test } from "vitest";
import { makeRing, type Ring } from "./ring.ts";

const text = (ring: Ring, from: number, most: number): string => {
  const into = Buffer.alloc(most);
  return into.subarray(0, ring.copy(from, into)).toString();
};

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
      expect(text(ring, from, 100)).toBe(all.slice(from));
      expect(text(ring, from, 3)).toBe(all.slice(from, from + 3));
    }
  }
});

test("a cut forgets what was and goes on counting", () => {
  const ring = makeRing(16);
  ring.append(Buffer.from("abc"));
  ring.cut();
  ring.append(Buffer.from("de"));
  expect([ring.start, ring.head, text(ring, 3, 9)]).toEqual([3, 5, "de"]);
});
