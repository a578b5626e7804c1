/**
 * Shows a screen on another one: whole where it fits, its top left part where it does not, blank around it where there is more room.
 * Only rows that changed are written.
 */
export type Picture = {
  readonly rows: readonly string[];
  /** null: hidden, or outside of what is shown. */
  readonly cursor: { readonly column: number; readonly row: number } | null;
};

type Painter = {
  paint(picture: Picture): void;
  /** Everything is to be written again: the window changed. */
  forget(): void;
};

const BEGIN = "\x1b[?2026h\x1b[?25l";
const END = "\x1b[?2026l";

export const makePainter = (write: (text: string) => void): Painter => {
  let shown: readonly string[] | null = null;
  let place = "";
  return {
    paint: ({ rows, cursor }) => {
      let text = shown === null ? "\x1b[0m\x1b[2J" : "";
      for (const [row, line] of rows.entries()) {
        if (shown !== null ? shown[row] === line : line === "") continue;
        text += `\x1b[${row + 1};1H${line}\x1b[K`;
      }
      const now = cursor === null ? "" : `\x1b[${cursor.row + 1};${cursor.column + 1}H\x1b[?25h`;
      if (text === "" && now === place) return;
      shown = rows;
      place = now;
      write(`${BEGIN}${text}${now}${END}`);
    },
    forget: () => {
      shown = null;
    },
  };
};
