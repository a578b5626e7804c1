import { expect, test } from "vitest";
import { makeLineCutter } from "../lines.ts";
import { ownerIn, parseRow, parseStat } from "../marks.ts";

const stat = (command: string, state: string) =>
  `42 (${command}) ${state} 1 42 40 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 2 18446744073709551615`;

test("a command with spaces and parentheses does not shift the fields of /proc/PID/stat", () => {
  const expected = { pid: 42, group: 42, session: 40, started: "987654" };
  expect(parseStat(42, stat("sh", "S"))).toEqual(expected);
  expect(parseStat(42, stat("a) R 9 (b", "S"))).toEqual(expected);
});

test("a zombie is dead, unless it is asked for by name", () => {
  expect(parseStat(42, stat("sh", "Z"))).toBeNull();
  expect(parseStat(42, stat("sh", "Z"), true)?.started).toBe("987654");
});

test("an owner is only read from the marks of the same home", () => {
  const environment = (home: string, generation: string) =>
    Buffer.from(`A=1\0SKEIN_HOME=${home}\0SKEIN_SESSION=ses_1\0SKEIN_GENERATION=${generation}\0`);
  expect(ownerIn(environment("/h", "3"), "/h")).toEqual({ session: "ses_1", generation: 3 });
  expect(ownerIn(environment("/h/other", "3"), "/h")).toBeNull();
  expect(ownerIn(environment("/h", "three"), "/h")).toBeNull();
  expect(ownerIn(Buffer.from("NOT_SKEIN_HOME=/h\0"), "/h")).toBeNull();
});

test("a row of ps is read with its start time of five words", () => {
  expect(parseRow("  42    42     40 Ss   Thu Nov 20 10:00:00 2026 sleep 5")?.stat).toEqual({
    pid: 42,
    group: 42,
    session: 40,
    started: "Thu Nov 20 10:00:00 2026",
  });
  expect(parseRow("  42    42     40 Z    Thu Nov 20 10:00:00 2026 sleep 5")).toBeNull();
});

test("lines come out whole however the bytes were cut", () => {
  const cutter = makeLineCutter(10);
  const bytes = Buffer.from("é\n\nlast");
  const lines = [...bytes].flatMap((byte) => [...cutter.push(Buffer.from([byte]))]);
  expect(lines).toEqual([
    { text: "é", cut: false, end: 13 },
    { text: "", cut: false, end: 14 },
  ]);
  expect(cutter.rest()).toEqual({ text: "last", cut: false, end: 18 });
  expect(cutter.rest()).toBeNull();
});

test("a line over the limit is cut and says so, and the next one is whole again", () => {
  const cutter = makeLineCutter(0, 4);
  const lines = [...cutter.push(Buffer.from("123")), ...cutter.push(Buffer.from("456\nabcd\n"))];
  expect(lines).toEqual([
    { text: "1234", cut: true, end: 7 },
    { text: "abcd", cut: false, end: 12 },
  ]);
});

test("bytes that are no UTF-8 do not stop the reading", () => {
  const [line] = makeLineCutter(0).push(Buffer.from([0x61, 0xff, 0x62, 0x0a]));
  expect(line?.text).toBe("a\ufffdb");
});
