/** Columns for people. Cells must be escaped (`oneLine`) before they come here; painting is done by column. */
export type Column<T> = {
  readonly title: string;
  readonly cell: (row: T) => string;
  readonly paint?: (text: string, row: T) => string;
};

/**
 * Lines without trailing blanks, header first. `width`: the terminal's columns, to which the last column is cut;
 * undefined (a pipe): nothing is cut.
 */
export const table = <T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  width?: number,
): string[] => {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((row) => [...(row[at] ?? "")].length)),
  );
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 0);
  const room = width === undefined ? Infinity : Math.max(width - before, 8);
  const line = (texts: readonly string[], row?: T): string =>
    texts
      .map((text, at) => {
        const isLast = at === columns.length - 1;
        const shown = isLast ? cut(text, room) : text;
        const paint = row === undefined ? undefined : columns[at]?.paint;
        const painted = paint === undefined || row === undefined ? shown : paint(shown, row);
        return isLast ? painted : painted + " ".repeat((widths[at] ?? 0) - [...shown].length);
      })
      .join("  ")
      .trimEnd();
  return [
    line(columns.map((column) => column.title)),
    ...rows.map((row, at) => line(cells[at] ?? [], row)),
  ];
};

/** At most `most` characters; the last is an ellipsis when something was cut. */
export const cut = (text: string, most: number): string => {
  const characters = [...text];
  return characters.length <= most
    ? text
    : `${characters.slice(0, Math.max(most - 1, 0)).join("")}…`;
};
