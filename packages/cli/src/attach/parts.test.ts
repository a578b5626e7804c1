import { describe, expect, test } from "vitest";
import { keysText, makeDetachKeys, parseDetachKeys, withoutAnswers } from "./keys.ts";
import { makePainter } from "./painter.ts";
import { makePastes, pastedText } from "./pastes.ts";
import { makeScreen, type Screen } from "./screen.ts";
import { statusRow, statusText } from "./status.ts";

const feed = (screen: Screen, text: string): Promise<void> =>
  new Promise((resolve) => screen.write(new TextEncoder().encode(text), resolve));

describe("the keys that leave", () => {
  const keys = parseDetachKeys("C-\\ C-\\");

  test("are named as people name them", () => {
    expect(keys).toBe("\x1c\x1c");
    expect(keysText(keys)).toBe("Ctrl-\\ Ctrl-\\");
    expect(parseDetachKeys("C-q")).toBe("\x11");
    expect(parseDetachKeys("C-p q")).toBe("\x10q");
    expect(parseDetachKeys("none")).toBe("");
    expect(() => parseDetachKeys("Meta-x")).toThrow(/no key/);
  });

  test("come together or in pieces, and never reach the program; what was typed before them does", () => {
    expect(makeDetachKeys(keys).take("ab\x1c\x1ccd")).toEqual({ bytes: "ab", detach: true });
    const split = makeDetachKeys(keys);
    expect(split.take("ab\x1c")).toEqual({ bytes: "ab", detach: false });
    expect(split.take("\x1c")).toEqual({ bytes: "", detach: true });
  });

  test("one alone is held back, then sent after all", () => {
    const detach = makeDetachKeys(keys);
    expect(detach.take("\x1c")).toEqual({ bytes: "", detach: false });
    expect(detach.take("x")).toEqual({ bytes: "\x1cx", detach: false });
    detach.take("\x1c");
    expect(detach.release()).toBe("\x1c");
    expect(detach.release()).toBe("");
  });

  test("with none nothing leaves and nothing is held", () => {
    expect(makeDetachKeys("").take("\x1c\x1c")).toEqual({ bytes: "\x1c\x1c", detach: false });
  });
});

test("what the person's own terminal answers is not typed; keys are", () => {
  const answers =
    "\x1b[?62;4c\x1b[>0;276;0c\x1b[?2026;2$y\x1b]11;rgb:0/0/0\x1b\\\x1bP>|xterm\x1b\\";
  expect(withoutAnswers(`a${answers}b`)).toBe("ab");
  for (const kept of [
    "\x1b[A",
    "\x1bOP",
    "\x1b[1;2R",
    "\x1b[200~x\x1b[201~",
    "\x1b[<0;3;4M",
    "\x1b",
  ])
    expect(withoutAnswers(kept)).toBe(kept);
});

describe("pastes", () => {
  const typed = "a\x1b[200~one\x1b[A\rtwo\x1c\x1c\x1b[201~b\x1b[200~\x1b[201~\x1b[A";
  const found = [{ keys: "a" }, { paste: "one\x1b[A\rtwo\x1c\x1c" }, { keys: "b" }, { paste: "" }];

  test("are cut out of what is typed", () => {
    expect(makePastes(100).take(typed)).toEqual([...found, { keys: "\x1b[A" }]);
  });

  test("also when they come in pieces", () => {
    for (const size of [1, 2, 3, 5, 8]) {
      const pastes = makePastes(100);
      let keys = "";
      const all: string[] = [];
      for (let at = 0; at < typed.length; at += size) {
        for (const read of pastes.take(typed.slice(at, at + size)))
          if ("keys" in read) keys += read.keys;
          else if ("paste" in read) all.push(`${keys}|${read.paste}`);
      }
      expect(all).toEqual(["a|one\x1b[A\rtwo\x1c\x1c", "ab|"]);
      expect(keys).toBe("ab\x1b[A");
    }
  });

  test("an Escape that begins none is a key after all; a paste without end is nothing", () => {
    const pastes = makePastes(100);
    expect(pastes.take("x\x1b")).toEqual([{ keys: "x" }]);
    expect(pastes.release()).toBe("\x1b");
    pastes.take("\x1b[200~half");
    expect(pastes.release()).toBe("");
    expect(pastes.take("y")).toEqual([{ keys: "y" }]);
  });

  test("what comes of one that was broken off is no keys, up to its end, in one piece or in many", () => {
    const rest = "half\rrm x\r\x1b[201~y";
    for (const size of [1, 4, 100]) {
      const pastes = makePastes(100);
      pastes.take("\x1b[200~first\r");
      pastes.breakOff();
      let [late, keys] = ["", ""];
      for (let at = 0; at < rest.length; at += size)
        for (const read of pastes.take(rest.slice(at, at + size)))
          if ("late" in read) late += read.late;
          else if ("keys" in read) keys += read.keys;
      expect([late, keys, pastes.isBroken]).toEqual(["half\rrm x\r", "y", false]);
    }
  });

  test("one that is too large is told, and not kept", () => {
    const pastes = makePastes(10);
    pastes.take("\x1b[200~");
    for (let at = 0; at < 5; at += 1) expect(pastes.take("12345678")).toEqual([]);
    expect(pastes.take("\x1b[201~y")).toEqual([{ paste: null }, { keys: "y" }]);
  });

  test("lines end as they did, and what is no text is none", () => {
    expect(pastedText(Buffer.from("gr\u00f6\u00dfe\r\r\nb\n").toString("latin1"))).toBe(
      "gr\u00f6\u00dfe\n\nb\n",
    );
    expect(pastedText("\xff")).toBe(null);
  });
});

describe("a screen in another window", () => {
  const lines = "one\r\ntwo\r\nthree\r\nfour";

  test("the top left part of one that is too large, nothing where there is more room", async () => {
    const screen = makeScreen({ columns: 10, rows: 4 });
    await feed(screen, lines);
    expect(screen.picture({ columns: 3, rows: 2 })).toEqual({ rows: ["one", "two"], cursor: null });
    expect(screen.picture({ columns: 20, rows: 6 })).toEqual({
      rows: ["one", "two", "three", "four", "", ""],
      cursor: { column: 4, row: 3 },
    });
  });

  test("a wide character that does not fit is left out, half of it is never shown", async () => {
    const screen = makeScreen({ columns: 10, rows: 1 });
    await feed(screen, "a\u{1f9f5}b");
    expect(screen.picture({ columns: 2, rows: 1 }).rows).toEqual(["a"]);
    expect(screen.picture({ columns: 4, rows: 1 }).rows).toEqual(["a\u{1f9f5}b"]);
  });

  test("colours and weights are kept, and end with the row", async () => {
    const screen = makeScreen({ columns: 20, rows: 1 });
    await feed(screen, "\x1b[1;31mred\x1b[0m \x1b[38;5;200mp\x1b[48;2;1;2;3mt\x1b[m x");
    expect(screen.picture({ columns: 20, rows: 1 }).rows).toEqual([
      "\x1b[0;1;31mred\x1b[0m \x1b[0;38;5;200mp\x1b[0;38;5;200;48;2;1;2;3mt\x1b[0m x",
    ]);
  });

  test("a row that is only background is painted", async () => {
    const screen = makeScreen({ columns: 3, rows: 1 });
    await feed(screen, "\x1b[44m\x1b[K");
    expect(screen.picture({ columns: 3, rows: 1 }).rows).toEqual(["\x1b[0;44m   \x1b[0m"]);
  });

  test("the modes that change what keys send are passed on, until it is reset", async () => {
    const screen = makeScreen({ columns: 10, rows: 2 });
    const plain = screen.modes();
    await feed(screen, "\x1b[?1h\x1b[?1000h\x1b=\x1b[3 q\x1b[?25l");
    expect(screen.modes()).toContain("\x1b[?1h");
    expect(screen.modes()).toContain("\x1b[?1000h");
    expect(screen.modes()).toMatch(/\x1b=\x1b\[3 q$/);
    expect(screen.picture({ columns: 10, rows: 2 }).cursor).toBe(null);
    screen.reset({ columns: 10, rows: 2 });
    expect(screen.modes()).toBe(plain);
  });
});

describe("painting", () => {
  test("writes rows that changed and no others", () => {
    const written: string[] = [];
    const painter = makePainter((text) => written.push(text));
    const cursor = { column: 0, row: 0 };
    painter.paint({ rows: ["one", "two"], cursor });
    painter.paint({ rows: ["one", "two"], cursor });
    expect(written).toHaveLength(1);
    painter.paint({ rows: ["one", "2"], cursor });
    expect(written[1]).toContain("\x1b[2;1H2\x1b[K");
    expect(written[1]).not.toContain("one");
    painter.forget();
    painter.paint({ rows: ["one", "2"], cursor: null });
    expect(written[2]).toContain("one");
    expect(written[2]).toContain("\x1b[2J");
  });
});

describe("the line below", () => {
  const told = {
    name: "fizz-top",
    terminal: { columns: 80, rows: 24 },
    window: { columns: 80, rows: 24 },
    readOnly: false,
    program: null,
    lost: null,
    notice: null,
    kept: 0,
    leave: "Ctrl-\\ Ctrl-\\",
  };

  test("says nothing where there is nothing to say", () => {
    expect(statusText(told)).toBe(null);
    expect(statusText({ ...told, program: { state: "running" } })).toBe(null);
  });

  test("says another size, a lost daemon, the end, and how to leave", () => {
    expect(statusText({ ...told, window: { columns: 90, rows: 20 }, readOnly: true })).toBe(
      "fizz-top · 80x24, as its writer has it · read-only · Ctrl-\\ Ctrl-\\ leaves",
    );
    expect(statusText({ ...told, lost: "The connection broke." })).toContain("Trying again");
    const ended = { state: "ended", exitCode: 3, signal: null } as const;
    expect(statusText({ ...told, program: ended })).toContain("exit code 3");
    const away = { state: "unknown", reason: "the link is cut", since: "" } as const;
    const wide = { columns: 120, rows: 24 };
    expect(statusText({ ...told, terminal: wide, window: wide, program: away, kept: 12 })).toBe(
      "fizz-top · no answer from tmux: the link is cut · 12 bytes typed here wait for it · Ctrl-\\ Ctrl-\\ leaves",
    );
  });

  test.each([
    [110, "trm_01m7wj5k3n8q4r6s9t0v1w2x3y · 80x24, as its writer has it · Ctrl-\\ Ctrl-\\ leaves"],
    [60, "trm_01… · 80x24, as its writer has it · Ctrl-\\ Ctrl-\\ leaves"],
    [40, "trm_0… · 80x24, … · Ctrl-\\ Ctrl-\\ leaves"],
  ])("shows how to leave in a window of %s columns", (columns, text) => {
    const name = "trm_01m7wj5k3n8q4r6s9t0v1w2x3y";
    expect(statusText({ ...told, name, window: { columns, rows: 20 } })).toBe(text);
    const notice = "n".repeat(200);
    expect(statusText({ ...told, name, notice, window: { columns, rows: 20 } })).toMatch(
      /… · Ctrl-\\ Ctrl-\\ leaves$/,
    );
  });

  test("is as wide as the window", () => {
    expect(statusRow("abcdef", 4)).toBe("\x1b[7mabcd\x1b[0m");
    expect(statusRow("ab", 4)).toBe("\x1b[7mab  \x1b[0m");
  });
});
