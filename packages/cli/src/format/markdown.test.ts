import type { Item, ItemBody } from "@skein/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { itemMarkdown, lineMarkdown } from "./markdown.ts";

const item = (body: ItemBody): Item => ({
  id: "i",
  turn: null,
  order: 1,
  at: "2026-11-20T10:00:00.000Z",
  truncated: false,
  body,
});
const command = (output: string): ItemBody => ({
  kind: "command",
  command: "npm test",
  folder: null,
  output,
  exitCode: 1,
  status: "failed",
});

describe("Markdown of a transcript", () => {
  test("quotes words, so that a heading of an agent's is none of the page's", () => {
    expect(itemMarkdown(item({ kind: "message", text: "# Done\n\nAll pass." }))).toBe(
      "**agent** 2026-11-20 10:00:00\n\n> # Done\n>\n> All pass.",
    );
  });

  const told = (text: string): string =>
    itemMarkdown(item({ kind: "message", text })).replaceAll(/^> ?/gm, "");

  test("writes raw HTML of an agent's out, and leaves its Markdown and its code", () => {
    const text = "**a** < b <script>x()</script>\n```html\n<b>\n```\n<!-- c --> \\<i>";
    expect(told(text)).toContain(
      "**a** < b &lt;script>x()&lt;/script>\n```html\n<b>\n```\n&lt;!-- c --> \\&lt;i>",
    );
  });

  test.each([
    ["ends with its list", "- a\n  ```\n<script>"],
    ["is none: it stands in a line", "```a`b\n<script>"],
    ["ends where another seems to begin", "  ```\n```\n<script>\n```"],
    ["was closed, indented", "```\n   ```\n<script>"],
    ["is closed by a longer one", "```\n`````\n<script>"],
    ["is one of tildes, closed", "~~~ `\n~~~\n<script>"],
    ["seems to end, indented", "```\n     ```\n```\n<script>"],
    ["seems to end, with a blank that is none", "```\n```\u00a0\n```\n<script>"],
    ["is in a quote", "> ```\n<script>"],
  ])("and none gets out by a fence that %s", (_what, text) => {
    expect(told(text)).toContain("&lt;script>");
  });

  test("fences commands with their output and exit code", () => {
    expect(itemMarkdown(item(command("1 failed\n")))).toBe(
      "**runs (failed)** 2026-11-20 10:00:00\n\n```console\n$ npm test\n1 failed\nexit code 1\n```",
    );
  });

  test("writes control characters out", () => {
    expect(itemMarkdown(item({ kind: "message", text: "a\u001b[2Jb" }))).toContain("a\\x1b[2Jb");
  });

  test("takes nothing in a line for a mark", () => {
    const text = "deny: rm *.ts <img src=x> [a](b) `c`";
    const line = lineMarkdown({ at: "2026-11-20T10:00:00.000Z", tone: "plain", text });
    expect(line).toBe("- 2026-11-20 10:00:00 deny: rm \\*.ts \\<img src=x\\> \\[a\\](b) \\`c\\`");
  });

  test("whatever a command prints, it does not get out of its fence", () => {
    const printed = fc.string({ unit: fc.constantFrom("`", "```", "\n", "a", "~~~", " ") });
    fc.assert(
      fc.property(printed, (output) => {
        const lines = itemMarkdown(item(command(output))).split("\n");
        const fence = /^`+/.exec(lines[2] ?? "")?.[0] ?? "";
        const ends = lines.slice(3).filter((line) => /^ {0,3}`+ *$/.test(line));
        expect(ends.filter((line) => line.trim().length >= fence.length)).toEqual([fence]);
      }),
    );
  });
});
