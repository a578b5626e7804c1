/** Columns for people. Cells must be escaped (`oneLine`) before they come here; painting is done by column. */
export type Column<T> = {
  readonly title: string;
  readonly cell: (row: T) => string;
  readonly paint?: (text: string, row: T) => string;
  /** Gives way when the terminal is too narrow. The last column always does. */
  readonly yields?: boolean;
};

/** A column that gives way keeps this many characters. */
const LEAST = 12;

/**
 * Lines without trailing blanks, header first. `width`: the terminal's columns, which lines keep to by cutting the last
 * column and those that yield; undefined (a pipe): nothing is cut.
 */
export const table = <T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  width?: number,
): string[] => {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = fitted(
    columns,
    columns.map((column, at) =>
      Math.max(column.title.length, ...cells.map((row) => [...(row[at] ?? "")].length)),
    ),
    width,
  );
  const line = (texts: readonly string[], row?: T): string =>
    texts
      .map((text, at) => {
        const shown = cut(text, widths[at] ?? 0);
        const paint = row === undefined ? undefined : columns[at]?.paint;
        const painted = paint === undefined || row === undefined ? shown : paint(shown, row);
        const isLast = at === columns.length - 1;
        return isLast ? painted : painted + " ".repeat((widths[at] ?? 0) - [...shown].length);
      })
      .join("  ")
      .trimEnd();
  return [
    line(columns.map((column) => column.title)),
    ...rows.map((row, at) => line(cells[at] ?? [], row)),
  ];
};

const fitted = <T>(
  columns: readonly Column<T>[],
  widths: readonly number[],
  width: number | undefined,
): number[] => {
  const fit = [...widths];
  let over = fit.reduce((sum, each) => sum + each + 2, -2) - (width ?? Infinity);
  for (const least of [LEAST, 1])
    for (let at = columns.length - 1; at >= 0 && over > 0; at -= 1) {
      if (at < columns.length - 1 && columns[at]?.yields !== true) continue;
      const given = Math.min(over, Math.max((fit[at] ?? 0) - least, 0));
      fit[at] = (fit[at] ?? 0) - given;
      over -= given;
    }
  return fit;
};

/** At most `most` characters; the last is an ellipsis when something was cut. */
export const cut = (text: string, most: number): string => {
  const characters = [...text];
  return characters.length <= most
    ? text
    : `${characters.slice(0, Math.max(most - 1, 0)).join("")}…`;
};
