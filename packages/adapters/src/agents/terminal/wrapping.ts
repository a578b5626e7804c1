/** Lines that the terminal broke because they were too wide, whole again. Pure. */

/** Frames and rules are as wide as the screen on purpose. */
const isDrawn = (line: string): boolean =>
  /[\u2500-\u259f]$|^[\u2500-\u259f]|^([=_*-])\1+$/.test(line);

/**
 * What goes between a line and the next where the terminal broke it, which it does exactly at its width; null: it did not. A blank
 * at the very end was lost. Double-width characters are not counted: such lines stay broken.
 */
const seam = (line: string, columns: number): "" | " " | null => {
  if (line.length < columns - 1 || isDrawn(line)) return null;
  const width = [...line].length;
  if (width === columns) return "";
  return width === columns - 1 ? " " : null;
};

export const rejoined = (lines: readonly string[], columns: number): readonly string[] => {
  const whole: string[][] = [];
  let open: "" | " " | null = null;
  for (const line of lines) {
    if (open === null || line === "") whole.push([line]);
    else whole.at(-1)!.push(open, line);
    open = seam(line, columns);
  }
  return whole.map((parts) => parts.join(""));
};
