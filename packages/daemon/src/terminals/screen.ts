/** The screen as plain text. */
import type { Screen } from "@skein/sdk";
import type { Pane } from "./panes.ts";
import type { Answer, Tmux } from "./tmux.ts";

const FORMAT = "#{pane_width} #{pane_height} #{history_size} #{cursor_x} #{cursor_y} #{pane_title}";
/** A thousand columns of the widest characters, for all lines that can be asked for. */
const MOST_BYTES = 64 * 1024 * 1024;

const trimmed = (line: string): string => line.replace(/[ \t]+$/, "");

const readScreen = (out: string, asked: number): Screen => {
  const [head = "", ...rest] = out.split("\n");
  const [columns, rows, held, column, row, ...title] = head.split(" ");
  const before = Math.min(asked, Number(held));
  const lines = rest.slice(0, before + Number(rows)).map(trimmed);
  return {
    columns: Number(columns),
    rows: Number(rows),
    lines,
    history: before,
    cursor: { column: Number(column), row: Number(row) },
    title: title.join(" "),
  };
};

export const readScreenOf = async (
  tmux: Tmux,
  { pane }: Pane,
  history: number,
): Promise<Screen | Exclude<Answer, { is: "done" }>> => {
  const from = history === 0 ? "0" : `-${history}`;
  const answer = await tmux.commands(
    [
      ["display-message", "-p", "-t", pane, FORMAT],
      ["capture-pane", "-p", "-t", pane, "-S", from],
    ],
    { maxBytes: MOST_BYTES },
  );
  return answer.is === "done" ? readScreen(answer.out, history) : answer;
};
