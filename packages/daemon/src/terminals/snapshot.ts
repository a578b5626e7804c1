/**
 * All that a terminal shows, as bytes for a viewer's terminal of the same size that was reset: scrollback, screen, cursor and
 * modes, as tmux has them. Rows are placed one by one, so that nothing depends on how a terminal wraps.
 */
import { LIMITS } from "@skein/contract";
import { makeFilter } from "./filter.ts";

export type Snapshot = {
  readonly bytes: Uint8Array;
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
  readonly dead: boolean;
};

const FIELDS = [
  "pane_width",
  "pane_height",
  "alternate_on",
  "cursor_x",
  "cursor_y",
  "cursor_flag",
  "insert_flag",
  "keypad_cursor_flag",
  "keypad_flag",
  "wrap_flag",
  "origin_flag",
  "mouse_standard_flag",
  "mouse_button_flag",
  "mouse_all_flag",
  "mouse_utf8_flag",
  "mouse_sgr_flag",
  "scroll_region_upper",
  "scroll_region_lower",
  "pane_dead",
  "history_size",
] as const;
type Fields = Readonly<Record<(typeof FIELDS)[number], number>> & { readonly title: string };

/** Replies that `snapshotCommand` brings, in this order. */
export const SNAPSHOT_REPLIES = 5;

/** One line of tmux's language, run in one go: state, what it has not understood yet, scrollback, the other screen, the screen. */
export const snapshotCommand = (pane: string, history: number): string => {
  const format = `${FIELDS.map((field) => `#{${field}}`).join(" ")} #{pane_title}`;
  const from = Math.max(1, history);
  return [
    `display-message -p -t ${pane} '${format}'`,
    `capture-pane -p -P -C -t ${pane}`,
    `capture-pane -p -e -J -q -t ${pane} -S -${from} -E -1`,
    `capture-pane -p -e -N -a -q -t ${pane}`,
    `capture-pane -p -e -N -t ${pane}`,
  ].join(" ; ");
};

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const linesOf = (body: string): readonly string[] => body.replace(/\n$/, "").split("\n");

const readFields = (body: Uint8Array): Fields => {
  const words = text(body).replace(/\n$/, "").split(" ");
  const numbers = FIELDS.map((field, at) => [field, Number(words[at])] as const);
  const title = words.slice(FIELDS.length).join(" ");
  return { ...(Object.fromEntries(numbers) as Record<(typeof FIELDS)[number], number>), title };
};

/** What the parser of tmux still waits for the rest of: the next bytes join it. */
export const unfinished = (body: Uint8Array): Uint8Array =>
  Buffer.from(
    text(body)
      .replace(/\n$/, "")
      .replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    "latin1",
  );

const SGR = /\u001b\[([\d;:]*)m/g;

/** Colours run on over line ends in what tmux gives; a new line must not be filled with them. */
const scrolled = (lines: readonly string[]): string => {
  let pen = "";
  const out: string[] = [];
  for (const line of lines) {
    out.push(pen, line);
    for (const [sequence, params] of line.matchAll(SGR))
      pen = /^0?(?:;|$)/.test(params!)
        ? params === "" || params === "0"
          ? ""
          : sequence
        : pen + sequence;
    if (pen !== "") out.push("\u001b[m");
    out.push("\r\n");
  }
  return out.join("");
};

const placed = (lines: readonly string[], rows: number): string =>
  lines
    .slice(0, rows)
    .map((line, at) => `\u001b[${at + 1};1H${line}`)
    .join("");

const mode = (on: number, number: string): string => (on === 1 ? `\u001b[?${number}h` : "");

const modesOf = (fields: Fields): string => {
  const { pane_height: rows, scroll_region_upper: top, scroll_region_lower: bottom } = fields;
  const whole = top === 0 && bottom === rows - 1;
  const row = fields.cursor_y - (fields.origin_flag === 1 ? top : 0);
  return [
    "\u001b[m",
    whole ? "" : `\u001b[${top + 1};${bottom + 1}r`,
    mode(fields.origin_flag, "6"),
    `\u001b[${row + 1};${fields.cursor_x + 1}H`,
    fields.cursor_flag === 0 ? "\u001b[?25l" : "",
    fields.wrap_flag === 0 ? "\u001b[?7l" : "",
    fields.insert_flag === 1 ? "\u001b[4h" : "",
    mode(fields.keypad_cursor_flag, "1"),
    fields.keypad_flag === 1 ? "\u001b=" : "",
    mode(fields.mouse_standard_flag, "1000"),
    mode(fields.mouse_button_flag, "1002"),
    mode(fields.mouse_all_flag, "1003"),
    mode(fields.mouse_utf8_flag, "1005"),
    mode(fields.mouse_sgr_flag, "1006"),
  ].join("");
};

/** The newest lines that fit. */
const fitting = (lines: readonly string[], bytes: number): readonly string[] => {
  let left = bytes;
  let from = lines.length;
  while (from > 0 && (left -= Buffer.byteLength(lines[from - 1]!) + 16) >= 0) from -= 1;
  return lines.slice(from);
};

export const readSnapshot = (replies: readonly Uint8Array[], history: number): Snapshot => {
  const fields = readFields(replies[0]!);
  const { pane_width: columns, pane_height: rows } = fields;
  const screen = placed(linesOf(text(replies[4]!)), rows);
  const isAlternate = fields.alternate_on === 1;
  const beneath = isAlternate
    ? `${placed(linesOf(text(replies[3]!)), rows)}\u001b[m\u001b[?1049h\u001b[H`
    : "";
  const body = text(replies[2]!);
  const room =
    LIMITS.terminalSnapshotBytes - Buffer.byteLength(screen) - Buffer.byteLength(beneath);
  const before = history === 0 || fields.history_size === 0 ? [] : fitting(linesOf(body), room);
  // What was scrolled is pushed out of the screen; the rows are placed on a clean one. SO draws lines.
  const scrollback = before.length === 0 ? "" : `${scrolled(before)}${"\r\n".repeat(rows - 1)}`;
  const whole = `\u001b)0${scrollback}${beneath}${screen}${modesOf(fields)}`;
  return {
    bytes: makeFilter().take(Buffer.from(whole)),
    columns,
    rows,
    title: fields.title,
    dead: fields.pane_dead === 1,
  };
};
