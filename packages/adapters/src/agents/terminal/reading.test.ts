import { describe, expect, test } from "vitest";
import type { Screen } from "@skein/sdk";
import { markOf, newText, typedSince } from "./reading.ts";

/** A screen of `rows` rows as a terminal would show these lines; the cursor stands behind the last one. */
const shown = (lines: readonly string[], { columns = 40, rows = 6, row = -1 } = {}): Screen => {
  const history = Math.max(0, lines.length - rows);
  const padded = [...lines, ...Array<string>(Math.max(0, rows - lines.length)).fill("")];
  const last = row === -1 ? lines.length - 1 : row;
  const cursor = { column: (lines[last] ?? "").length + 1, row: last - history };
  return { columns, rows, lines: padded, history, cursor, title: "" };
};

const read = (before: Screen, after: Screen, prompt: string, ready?: RegExp): string =>
  newText(markOf(before), after, { prompt, isPrompt: (line) => ready?.test(line) ?? false });

describe("a program that writes line after line", () => {
  const start = ["Welcome", ">"];

  test("is read without the echo and without the prompt that it waits with", () => {
    const after = [...start.slice(0, 1), "> say PONG", "PONG", ">"];
    expect(read(shown(start), shown(after), "say PONG")).toBe("PONG");
  });

  test("is read over any amount of scrollback", () => {
    const said = Array.from({ length: 500 }, (_, line) => `line ${line}`);
    const after = ["Welcome", "> go", ...said, ">"];
    expect(read(shown(start), shown(after), "go")).toBe(said.join("\n"));
  });

  test("answers that repeat what was said before are told again", () => {
    const once = ["> say PONG", "PONG"];
    const before = ["Welcome", ...once, ...once, ">"];
    const after = ["Welcome", ...once, ...once, ...once, ">"];
    expect(read(shown(before), shown(after), "say PONG")).toBe("PONG");
  });

  test("also when the oldest lines were dropped meanwhile", () => {
    const talk = Array.from({ length: 60 }, (_, n) => [`> say ${n}`, `said ${n}`]).flat();
    const before = [...talk, ">"];
    const after = [...talk.slice(40), "> say more", "more", ">"];
    expect(read(shown(before), shown(after), "say more")).toBe("more");
  });

  test("also when everything was the same and the oldest lines were dropped", () => {
    const talk = Array.from({ length: 200 }, () => ["> say PONG", "PONG"]).flat();
    const before = [...talk, ">"];
    const after = [...talk.slice(40), "> say PONG", "PONG", ">"];
    expect(read(shown(before), shown(after), "say PONG")).toBe("PONG");
  });

  test("also when the window became narrower and all lines were wrapped anew", () => {
    const before = ["Welcome to this very long greeting of mine", ">"];
    const after = ["Welcome to this very", " long greeting of mi", "ne", "> say", "said", ">"];
    expect(read(shown(before), shown(after, { columns: 20 }), "say")).toBe("said");
  });

  test("a prompt of several lines, wrapped and with marks before them, is echo", () => {
    const prompt = "first line that is much too long for it\nsecond line";
    const after = [
      "Welcome",
      "> first line that is much too lo",
      "ng for it",
      "... second line",
      "ok",
      ">",
    ];
    expect(read(shown(start), shown(after, { columns: 32 }), prompt)).toBe("ok");
  });

  test("lines that the terminal broke are whole again", () => {
    const long = "a".repeat(100);
    const after = [
      "Welcome",
      "> go",
      long.slice(0, 40),
      long.slice(40, 80),
      long.slice(80),
      "b",
      ">",
    ];
    expect(read(shown(start), shown(after), "go")).toBe(`${long}\nb`);
  });

  test("an answer that repeats its prompt is kept", () => {
    const after = ["Welcome", "> ECHO me", "ECHO me", ">"];
    expect(read(shown(start), shown(after), "ECHO me")).toBe("ECHO me");
  });

  test("a program that shows nothing back and has no prompt of its own", () => {
    expect(read(shown(["up", ""]), shown(["up", "pong", ""]), "ping")).toBe("pong");
  });

  test("the line that says that it is ready is not its answer, whatever it looked like before", () => {
    const after = ["Welcome", "> go", "gone", "12:30 $"];
    expect(read(shown(start), shown(after), "go", /\$ ?$/)).toBe("gone");
    expect(read(shown(start), shown(after), "go")).toBe("gone\n12:30 $");
  });

  test("while it has said nothing there is nothing", () => {
    expect(read(shown(start), shown(start), "go")).toBe("");
    expect(read(shown(start), shown(["Welcome", "> go"]), "go")).toBe("");
  });
});

describe("a program with an input box", () => {
  const box = (text: string): readonly string[] => [
    "╭──────────╮",
    `│ > ${text}`,
    "╰──────────╯",
    "? for help",
  ];

  test("its furniture is not its answer", () => {
    const before = shown(["Hi", ...box("")], { row: 2 });
    const after = shown(["Hi", "> say it", "● said", ...box("")], { row: 4, rows: 12 });
    expect(read(before, after, "say it")).toBe("● said");
  });

  test("one that repaints the whole screen is read by what is new on it", () => {
    const before = shown(["My Editor", "", "empty", "", "status: ok", ":"]);
    const after = shown(["My Other Editor", "", "the answer", "is 42", "status: ok", ":"]);
    expect(read(before, after, "what?")).toBe("My Other Editor\nthe answer\nis 42");
  });
});

describe("how far a prompt got whose typing was broken off", () => {
  const start = shown(["Welcome", ">"]);
  const far = (lines: readonly string[]) =>
    typedSince(markOf(start), shown(lines), "say something long");

  test("nothing of it stands there", () => {
    expect(far(["Welcome", ">"])).toBe("none");
  });

  test("it stands there, and Enter was not pressed", () => {
    expect(far(["Welcome", "> say something long"])).toBe("typed");
  });

  test("it was answered, or is being worked off", () => {
    expect(far(["Welcome", "> say something long", "well"])).toBe("entered");
    expect(far(["Welcome", "> say something long", ""])).toBe("entered");
    expect(far(["Welcome", "> say something long", "well", ">"])).toBe("entered");
  });
});
