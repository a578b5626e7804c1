/** Rows of a screen as text with colours. Pure. */
import type { IBufferCell, IBufferLine } from "@xterm/headless";

const colour = (cell: IBufferCell, ground: "fg" | "bg"): string => {
  const isFore = ground === "fg";
  const value = isFore ? cell.getFgColor() : cell.getBgColor();
  const base = isFore ? 30 : 40;
  if (isFore ? cell.isFgDefault() : cell.isBgDefault()) return "";
  if (isFore ? cell.isFgRGB() : cell.isBgRGB()) {
    return `;${base + 8};2;${(value >> 16) & 255};${(value >> 8) & 255};${value & 255}`;
  }
  if (value < 8) return `;${base + value}`;
  return value < 16 ? `;${base + 60 + value - 8}` : `;${base + 8};5;${value}`;
};

const attributes = (cell: IBufferCell): string => {
  if (cell.isAttributeDefault()) return "";
  const flags: readonly (readonly [number, number])[] = [
    [cell.isBold(), 1],
    [cell.isDim(), 2],
    [cell.isItalic(), 3],
    [cell.isUnderline(), 4],
    [cell.isBlink(), 5],
    [cell.isInverse(), 7],
    [cell.isInvisible(), 8],
    [cell.isStrikethrough(), 9],
    [cell.isOverline(), 53],
  ];
  const set = flags.map(([on, code]) => (on === 0 ? "" : `;${code}`)).join("");
  return `${set}${colour(cell, "fg")}${colour(cell, "bg")}`;
};

/** The first `columns` cells of a line. A wide character that does not fit is left out. `scratch` saves making cells anew. */
export const rowText = (
  line: IBufferLine | undefined,
  columns: number,
  scratch: IBufferCell,
): string => {
  if (line === undefined) return "";
  let text = "";
  let style = "";
  let blanks = "";
  for (let column = 0; column < columns; column++) {
    const cell = line.getCell(column, scratch);
    if (cell === undefined) break;
    const width = cell.getWidth();
    // The second half of a wide character.
    if (width === 0) continue;
    const chars = column + width > columns ? "" : cell.getChars();
    const next = attributes(cell);
    if (next === "" && chars === "" && style === "") {
      // Blanks at the end are not painted: the rest of the row is cleared.
      blanks += " ";
      continue;
    }
    text += blanks;
    blanks = "";
    if (next !== style) text += `\x1b[0${next}m`;
    style = next;
    text += chars === "" ? " ".repeat(width) : chars;
  }
  return style === "" ? text : `${text}\x1b[0m`;
};
