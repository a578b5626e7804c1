/** Lines that the terminal broke because they were too wide, whole again. Pure. */

/** Frames and rules are as wide as the screen on purpose. */
const isDrawn = (line: string): boolean =>
  /[\u2500-\u259f]$|^[\u2500-\u259f]|^([=_*-])\1+$/.test(line);

/** A terminal breaks a line exactly at its width. Double-width characters are not counted: such lines stay broken. */
const isFull = (line: string, columns: number): boolean =>
  line.length >= columns && [...line].length === columns && !isDrawn(line);

export const rejoined = (lines: readonly string[], columns: number): readonly string[] => {
  const whole: string[][] = [];
  let isOpen = false;
  for (const line of lines) {
    if (isOpen) whole.at(-1)!.push(line);
    else whole.push([line]);
    isOpen = isFull(line, columns);
  }
  return whole.map((parts) => parts.join(""));
};
