import { expect, test } from "vitest";
import { LIMITS, decodeTerminalBytes } from "@skein/contract";
import { makeRing } from "./ring.ts";
import { makeFlow } from "./seat.ts";

const made = () => {
  const frames: { kind: string; number: number; length: number }[] = [];
  const flow = makeFlow((frame) => {
    const { kind, number, bytes } = decodeTerminalBytes(frame)!;
    frames.push({ kind, number, length: bytes.length });
  });
  const ring = makeRing(LIMITS.terminalRingBytes);
  const sent = (): number => frames.reduce((sum, { length }) => sum + length, 0);
  return { flow, ring, frames, sent };
};
const picture = (bytes: number) => ({
  bytes: new Uint8Array(bytes),
  columns: 80,
  rows: 24,
  title: "",
  dead: false,
});

test("no more is under way than may be, until it is acknowledged", () => {
  const { flow, ring, sent } = made();
  flow.resume(0);
  ring.append(new Uint8Array(LIMITS.terminalUnackedBytes + 100_000));
  flow.pump(ring, 5);
  expect([sent(), flow.hasRoom, flow.silentSince]).toEqual([LIMITS.terminalUnackedBytes, false, 5]);
  flow.pump(ring, 6);
  expect(sent()).toBe(LIMITS.terminalUnackedBytes);
  expect(flow.ack(60_000, 7)).toBe(true);
  flow.pump(ring, 8);
  expect([sent(), flow.silentSince]).toEqual([LIMITS.terminalUnackedBytes + 60_000, 7]);
  flow.ack(LIMITS.terminalUnackedBytes, 9);
  flow.pump(ring, 10);
  expect(sent()).toBe(ring.head);
  flow.ack(ring.head, 11);
  expect(flow.silentSince).toBeNull();
  expect(flow.ack(ring.head + 1, 12)).toBe(false);
});

test("whoever falls behind what is kept is told by how much, and gets nothing before a snapshot", () => {
  const { flow, ring, frames } = made();
  flow.resume(0);
  ring.append(new Uint8Array(10));
  flow.pump(ring, 0);
  ring.append(new Uint8Array(LIMITS.terminalRingBytes + 1));
  expect(flow.pump(ring, 0)).toBe(LIMITS.terminalRingBytes + 1);
  flow.wantSnapshot();
  expect(flow.pump(ring, 0)).toBe(0);
  expect(frames).toHaveLength(1);
  flow.snapshot(picture(100), ring.head);
  ring.append(new Uint8Array(3));
  flow.pump(ring, 0);
  expect(frames.slice(1)).toEqual([
    { kind: "snapshot", number: ring.head - 3, length: 100 },
    { kind: "output", number: ring.head - 3, length: 3 },
  ]);
});

test("a frame's memory is used again, but not before it was taken", () => {
  const frames: { frame: Uint8Array; taken: () => void }[] = [];
  const flow = makeFlow((frame, taken) => void frames.push({ frame, taken: taken! }));
  const ring = makeRing(LIMITS.terminalRingBytes);
  flow.resume(0);
  for (const byte of [1, 2, 3, 4]) {
    ring.append(new Uint8Array(50_000).fill(byte));
    flow.pump(ring, 0);
    if (byte > 2) frames[byte - 2]!.taken();
  }
  const buffers = frames.map(({ frame }) => frame.buffer);
  expect(new Set(buffers).size).toBe(3);
  expect(buffers[3]).toBe(buffers[1]);
  expect([frames[0]!, frames[2]!, frames[3]!].map(({ frame }) => frame.at(-1))).toEqual([1, 3, 4]);
});

test("a snapshot is under way like output, and acknowledged by its offset", () => {
  const { flow, ring } = made();
  flow.snapshot(picture(LIMITS.terminalUnackedBytes), 0);
  ring.append(new Uint8Array(3));
  expect(flow.hasRoom).toBe(false);
  flow.ack(0, 1);
  expect(flow.hasRoom).toBe(true);
});
