import { expect, test } from "vitest";
import { makeFilter } from "./filter.ts";

const through = (text: string): string =>
  Buffer.from(makeFilter().take(Buffer.from(text))).toString();
const inPieces = (text: string, size: number): string => {
  const filter = makeFilter();
  const bytes = Buffer.from(text);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size)
    parts.push(filter.take(bytes.subarray(at, at + size)));
  return Buffer.concat(parts).toString();
};

test("drawing passes as it is", () => {
  for (const drawing of [
    "plain, größe, 日本語, 🙂\r\n\t\b",
    "\u001b[1;31mred\u001b[m \u001b[38;2;1;2;3mrgb\u001b[48:5:7m",
    "\u001b[2J\u001b[3J\u001b[H\u001b[10;20H\u001b[2K\u001b[?25l\u001b[?1049h\u001b[?1006h\u001b[?2026h",
    "\u001b7\u001b8\u001b(0lqk\u001b(B\u001b=\u001b>\u001bM\u001bc\u001b[5;10r\u001b[4h\u001b[2 q\u001b[u",
    "\u001b]8;;https://example.org/a\u001b\\link\u001b]8;;\u001b\\",
    "\u001b]11;#112233\u001b\\\u001b]133;A\u001b\\",
  ])
    expect(through(drawing)).toBe(drawing);
});

test("nothing that a terminal would answer passes", () => {
  const csi =
    "[c [0c [>c [=c [5n [6n [?6n [?996n [>q [>0q [x [1x [?u [>4m [?4m [18t [14t [21t [?1$p [4$p";
  const rest =
    "]10;?\u001b\\ ]11;?\u0007 ]4;1;?\u0007 ]52;c;?\u0007 P$qm\u001b\\ P+q544e\u001b\\ Z [1;1*y [#| [?1;1S [5i [1;2;3;4;5T";
  const questions = `${csi} ${rest}`.split(" ");
  expect(questions.filter((question) => through(`a\u001b${question}b`) !== "ab")).toEqual([]);
  expect(through("a\u0005b\u00c2\u009bc")).not.toContain("\u0005");
  expect(through("a\u009b6nb")).toBe("a6nb");
  const raw = Buffer.from("a\u001b]0;x\u0007\x9b6nb\x9dc", "latin1");
  expect(Buffer.from(makeFilter().take(raw)).toString("latin1")).toBe("a6nbc");
});

test("nothing that reaches beyond the drawing passes: clipboard, files, window, tmux's own", () => {
  const reaches = [
    "]52;c;cm0gLXJm\u0007",
    "]1337;File=name=x:AAAA\u0007",
    "]9;hello\u001b\\",
    "]777;notify;a;b\u0007",
    "]7;file:///etc\u0007",
    "Ptmux;\u001b\u001b]52;c;eA==\u0007\u001b\\",
    "_Gq;AAAA\u001b\\",
    "^secret\u001b\\",
    "Xsecret\u001b\\",
    "kwindow\u001b\\",
    "[8;200;200t",
    "[>1u",
    "[>4;2m",
    "[?2004h",
    "[?1004h",
    "[?2l",
    "[2h",
    "[12l",
    "[20h",
    "[?5h",
    "[?9h",
    "[?45h",
    "[?66h",
    "[?1001h",
    "[?1016h",
    "[?1048h",
    "[>4h",
    "[?h",
  ];
  expect(reaches.filter((reach) => through(`a\u001b${reach}b`) !== "ab")).toEqual([]);
  expect(through("\u001b[?1004;1006;2004h")).toBe("\u001b[?1006h");
  expect(through("\u001b[?3;25l")).toBe("\u001b[H\u001b[2J\u001b[?25l");
});

test("links lead to the web, or nowhere", () => {
  for (const uri of [
    "file:///etc/passwd",
    "ssh://host",
    "javascript:alert(1)",
    "http:///x",
    "vscode://x",
  ])
    expect(through(`\u001b]8;id=1;${uri}\u0007text`)).toBe("\u001b]8;;\u001b\\text");
});

test("titles are told, not drawn", () => {
  const filter = makeFilter();
  expect(filter.title).toBeNull();
  expect(
    filter.take(Buffer.from("a\u001b]0;my <b>title</b>\u0007b\u001b]2;later\u001b\\")).toString(),
  ).toBe("ab");
  expect(filter.title).toBe("later");
});

test("pieces of any size give the same, whole sequences and characters each", () => {
  const text =
    "gr\u00f6\u00dfe 日本 🙂 \u001b[1;31mx\u001b[6n\u001b]0;t\u0007\u001b]8;;https://e.org\u0007y\u001bP$qm\u001b\\z\u001b(0q\u001b(B";
  const whole = through(text);
  for (const size of [1, 2, 3, 5, 7, 64]) expect(inPieces(text, size)).toBe(whole);
});

test("what is no UTF-8 is left out, as tmux 3.3a does it: whole, and in pieces of any size", () => {
  const bytes = Buffer.from(
    "a\x81\x9bb\xc2Xc\xe2\xc3\xa4d\xe2\x82e\xed\xa0\x80f\xc0\x80g\xf4\x90\x80\x80h\xe2\x82\xaci\xff\xfej\xf0\x80\x80\x80k\xe2\x1b[1m",
    "latin1",
  );
  for (const size of [1, 2, 3, 5, 7, 64]) {
    const filter = makeFilter();
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size)
      parts.push(filter.take(bytes.subarray(at, at + size)));
    expect(Buffer.concat(parts).toString()).toBe("abXcdefgh\u20acijk\u001b[1m");
  }
});

test("a string that is too long ends as it does, and nothing behind it is lost", () => {
  for (const end of ["\u0007", "\u001b\\"])
    for (const size of [100, 10_000, 100_000])
      expect(inPieces(`a\u001b]52;c;${"x".repeat(9_000)}${end}behind`, size)).toBe("abehind");
});

test("a string without end is not kept, and cancelling it brings text back", () => {
  const filter = makeFilter();
  for (let at = 0; at < 20; at += 1)
    expect(
      filter.take(Buffer.from(`${at === 0 ? "\u001b]0;" : ""}${"x".repeat(10_000)}`)).length,
    ).toBe(0);
  expect(Buffer.from(filter.take(Buffer.from("\u0018back"))).toString()).toBe("back");
});
