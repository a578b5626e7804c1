import { expect, test } from "vitest";
import { LIMITS } from "@skein/contract";
import { readSnapshot, unfinished } from "./snapshot.ts";

const fields = (change: Partial<Record<string, number>> = {}): string => {
  const given: Record<string, number> = {
    width: 10,
    height: 3,
    alternate: 0,
    x: 4,
    y: 1,
    cursor: 1,
    insert: 0,
    keypadCursor: 0,
    keypad: 0,
    wrap: 1,
    origin: 0,
    standard: 0,
    button: 0,
    all: 0,
    utf8: 0,
    sgr: 0,
    upper: 0,
    lower: 2,
    dead: 0,
    history: 2,
    ...change,
  };
  return `${Object.values(given).join(" ")} a title with spaces\n`;
};
const taken = (
  parts: { fields?: string; history?: string; beneath?: string; screen?: string },
  history = 10,
) => {
  const bodies = [
    parts.fields ?? fields(),
    "\n",
    parts.history ?? "",
    parts.beneath ?? "\n",
    parts.screen ?? "one\ntwo\n\n",
  ];
  const snapshot = readSnapshot(
    bodies.map((body) => Buffer.from(body)),
    history,
  );
  return { ...snapshot, text: Buffer.from(snapshot.bytes).toString() };
};

test("scrollback is scrolled, rows are placed, the cursor stands where it stood", () => {
  const { text, ...rest } = taken({ history: "first\nsecond\n" });
  expect(rest).toMatchObject({ columns: 10, rows: 3, title: "a title with spaces", dead: false });
  expect(text).toBe(
    "\u001b)0first\r\nsecond\r\n\r\n\r\n\u001b[1;1Hone\u001b[2;1Htwo\u001b[3;1H\u001b[m\u001b[2;5H",
  );
});

test("without scrollback, or when none is wanted, there is none", () => {
  expect(taken({ fields: fields({ history: 0 }), history: "one\n" }).text).not.toContain("\r\n");
  expect(taken({ history: "first\n" }, 0).text).not.toContain("first");
});

test("a colour runs on over lines without filling them", () => {
  const { text } = taken({ history: "\u001b[41mred\nstill\n\u001b[0;1mbold\n" });
  expect(text).toContain(
    "\u001b[41mred\u001b[m\r\n\u001b[41mstill\u001b[m\r\n\u001b[41m\u001b[0;1mbold\u001b[m\r\n",
  );
});

test("the other screen lies beneath, and modes come back", () => {
  const { text } = taken({
    fields: fields({
      alternate: 1,
      cursor: 0,
      origin: 1,
      upper: 1,
      keypadCursor: 1,
      keypad: 1,
      wrap: 0,
      insert: 1,
      button: 1,
      sgr: 1,
    }),
    beneath: "beneath\n\n\n",
    screen: "above\n\n\n",
  });
  expect(text.indexOf("beneath")).toBeLessThan(text.indexOf("\u001b[?1049h"));
  expect(text.indexOf("\u001b[?1049h")).toBeLessThan(text.indexOf("above"));
  expect(text.slice(text.lastIndexOf("\u001b[m"))).toBe(
    "\u001b[m\u001b[2;3r\u001b[?6h\u001b[1;5H\u001b[?25l\u001b[?7l\u001b[4h\u001b[?1h\u001b=\u001b[?1002h\u001b[?1006h",
  );
});

test("it fits: the oldest lines are left out", () => {
  const line = `${"x".repeat(1_000)}\n`;
  const { bytes, text } = taken({ history: `oldest\n${line.repeat(3_000)}newest\n` });
  expect(bytes.length).toBeLessThanOrEqual(LIMITS.terminalSnapshotBytes);
  expect(text).toContain("newest");
  expect(text).not.toContain("oldest");
});

test("what tmux still waits for the rest of is read as bytes", () => {
  expect(Buffer.from(unfinished(Buffer.from("\\033[38;2\n"))).toString()).toBe("\u001b[38;2");
});
