import { expect, test } from "vitest";
import { decodeTerminalBytes, encodeTerminalBytes } from "./terminal-bytes.ts";
import { TerminalAttach } from "./terminal-frames.ts";

const bytes = new TextEncoder().encode("größe \u001b[1m");

test("a frame comes back as it was sent, with offsets beyond 4 GiB too", () => {
  for (const number of [0, 1, 0xffff_ffff, 0x1_0000_0000, 5_000_000_000_123]) {
    const frame = { kind: "output", number, bytes } as const;
    expect(decodeTerminalBytes(encodeTerminalBytes(frame))).toEqual(frame);
  }
});

test("what is no frame is told apart: empty, cut, an unknown kind, a number beyond what is exact", () => {
  const good = encodeTerminalBytes({ kind: "input", number: 1, bytes });
  const unknown = Uint8Array.from(good);
  unknown[0] = 99;
  const huge = Uint8Array.from(good);
  huge[1] = 255;
  for (const bad of [new Uint8Array(), good.subarray(0, 8), unknown, huge])
    expect(decodeTerminalBytes(bad)).toBeNull();
});

test("the upgrade's query is read from text, and refused where it says what cannot be", () => {
  const query = { client: "tab-1", columns: "80", rows: "24", readOnly: "true", from: "17" };
  expect(TerminalAttach.parse(query)).toEqual({
    client: "tab-1",
    columns: 80,
    rows: 24,
    readOnly: true,
    from: 17,
  });
  for (const bad of [{ columns: "1001" }, { rows: "-1" }, { from: "1e9" }, { typo: "1" }])
    expect(TerminalAttach.safeParse(bad).success).toBe(false);
});
