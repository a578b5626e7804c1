/**
 * What a program has said since a prompt, read off its screen. Pure.
 *
 * A program that writes line after line is read exactly: what it showed before is still there, and the new text follows it.
 * One that repaints its screen is read by what is there now and was not before. Neither is the program's own word.
 */
import type { Screen } from "@skein/sdk";
import { compact, withoutEcho } from "./echo.ts";
import { rejoined } from "./wrapping.ts";

/** Where on the screen a prompt was given, and what stood there. */
export type Mark = {
  /** The cursor's line, counted from the first line of scrollback. */
  readonly line: number;
  readonly columns: number;
  /** What stood on that line before the cursor: the program's own prompt. */
  readonly leading: string;
  /** The last characters before that line, without blanks: they name the place when lines were dropped or wrapped anew. */
  readonly before: string;
  /** The screen, without scrollback: what a program that repaints is compared with. */
  readonly screen: readonly string[];
  /** The cursor's row in it. */
  readonly row: number;
};

const NAMED_CHARS = 400;
const NAMED_LINES = 200;

/** The last characters above a line. */
const above = (lines: readonly string[], line: number): string =>
  compact(lines.slice(Math.max(0, line - NAMED_LINES), line).join("")).slice(-NAMED_CHARS);

export const markOf = (screen: Screen): Mark => {
  const line = screen.history + screen.cursor.row;
  return {
    line,
    columns: screen.columns,
    leading: [...(screen.lines[line] ?? "")].slice(0, screen.cursor.column).join("").trimEnd(),
    before: above(screen.lines, line),
    screen: screen.lines.slice(screen.history),
    row: screen.cursor.row,
  };
};

const SOUGHT_CHARS = 200;
const ECHO_CHARS = 40;
const PLACES = 50;

/** The lines that begin behind such text, the newest first. */
const placesBehind = (lines: readonly string[], text: string): readonly number[] => {
  const begins: number[] = [];
  let all = "";
  for (const line of lines) {
    begins.push(all.length);
    all += compact(line);
  }
  const places: number[] = [];
  let at = all.lastIndexOf(text);
  while (at >= 0 && places.length < PLACES) {
    // Of lines that begin at the same place all but the last are blank.
    const line = begins.lastIndexOf(at + text.length);
    if (line >= 0) places.push(line);
    at = at === 0 ? -1 : all.lastIndexOf(text, at - 1);
  }
  return places;
};

/** The line on which the prompt was given, as it is counted now; null: it is not there any more. */
const placeOf = (mark: Mark, { lines, columns }: Screen, prompt: string): number | null => {
  const isSame = columns === mark.columns && mark.line <= lines.length;
  if (isSame && above(lines, mark.line) === mark.before) return mark.line;
  if (mark.before === "") return null;
  // Old lines were dropped, or all were wrapped anew. The same words may stand in several places: the echo tells which.
  const places = placesBehind(lines, mark.before.slice(-SOUGHT_CHARS));
  const echo = compact(mark.leading) + compact(prompt).slice(0, ECHO_CHARS);
  const isEchoed = (line: number): boolean =>
    compact(lines.slice(line, line + ECHO_CHARS).join("")).startsWith(echo);
  return places.find(isEchoed) ?? places[0] ?? null;
};

/** What is on the screen now and was not before, in its order. */
const repainted = (mark: Mark, screen: Screen): readonly string[] => {
  const known = new Map<string, number>();
  for (const line of mark.screen) known.set(line, (known.get(line) ?? 0) + 1);
  return screen.lines.slice(screen.history).filter((line) => {
    const left = known.get(line) ?? 0;
    known.set(line, left - 1);
    return left <= 0;
  });
};

const isFrame = (line: string): boolean => /^[\s\u2500-\u259f=_-]*$/.test(line);

const withoutBlankEnd = (lines: readonly string[]): readonly string[] =>
  lines.slice(0, lines.findLastIndex((line) => line.trim() !== "") + 1);

/** What stood at the cursor and below it before, and the frame around it, is the program's furniture. */
const withoutFurniture = (mark: Mark, fresh: readonly string[]): readonly string[] => {
  const old = withoutBlankEnd(mark.screen);
  let left = fresh.length;
  let row = old.length - 1;
  const isSame = (): boolean => left > 0 && fresh[left - 1] === old[row];
  while (row > mark.row && isSame()) [left, row] = [left - 1, row - 1];
  if (row === mark.row && left > 0 && fresh[left - 1]!.trimEnd() === mark.leading) {
    [left, row] = [left - 1, row - 1];
    while (row >= 0 && isSame() && isFrame(fresh[left - 1]!)) [left, row] = [left - 1, row - 1];
  }
  return fresh.slice(0, left);
};

/** The line on which the program waits for the next prompt is no part of its answer. */
const withoutPrompt = (
  mark: Mark,
  fresh: readonly string[],
  isPrompt: (line: string) => boolean,
): readonly string[] => {
  const last = fresh.at(-1);
  if (last === undefined) return fresh;
  const waits = (mark.leading !== "" && last.trimEnd() === mark.leading) || isPrompt(last);
  return waits ? fresh.slice(0, -1) : fresh;
};

type Reading = {
  /** The prompt as it was typed. */
  readonly prompt: string;
  readonly isPrompt: (line: string) => boolean;
};

/** All that is there since the prompt, its echo first. */
const shownSince = (mark: Mark, screen: Screen, prompt: string): readonly string[] => {
  const place = placeOf(mark, screen, prompt);
  const found = place === null ? repainted(mark, screen) : screen.lines.slice(place);
  const [first = "", ...more] = found;
  const isLed = place !== null && mark.leading !== "" && first.startsWith(mark.leading);
  const typed = isLed ? [first.slice(mark.leading.length), ...more] : found;
  // Nothing was typed or said yet: that is the waiting prompt itself.
  const isEmpty = isLed && typed.every((line) => line.trim() === "");
  return withoutFurniture(mark, withoutBlankEnd(isEmpty ? found : typed));
};

/** The new text, without the echo of the prompt; lines that were only wrapped are whole again. */
export const newText = (mark: Mark, screen: Screen, { prompt, isPrompt }: Reading): string => {
  const shown = withoutBlankEnd(shownSince(mark, screen, prompt));
  const said = withoutEcho(withoutPrompt(mark, shown, isPrompt), prompt);
  return rejoined(said, screen.columns)
    .join("\n")
    .replace(/^(?:[^\S\n]*\n)+/, "")
    .trimEnd();
};

/**
 * How far a prompt got whose typing was broken off. none: nothing of it is shown. typed: it stands there, and nothing follows.
 * entered: something follows it.
 */
export const typedSince = (
  mark: Mark,
  screen: Screen,
  prompt: string,
): "none" | "typed" | "entered" => {
  const shown = withoutBlankEnd(shownSince(mark, screen, prompt));
  const words = (lines: readonly string[]): number => compact(lines.join("")).length;
  const rest = words(withoutEcho(shown, prompt));
  if (rest === words(shown)) return rest === 0 || !isChanged(mark, screen) ? "none" : "entered";
  return rest === 0 && screen.history + screen.cursor.row <= lastRow(screen) ? "typed" : "entered";
};

const isChanged = (mark: Mark, screen: Screen): boolean =>
  mark.screen.join("\n") !== screen.lines.slice(screen.history).join("\n");

const lastRow = ({ lines }: Screen): number => lines.findLastIndex((line) => line.trim() !== "");

/** The last line that is not empty: where a program says that it waits. */
export const lastLine = ({ lines }: Screen): string =>
  lines.findLast((line) => line.trim() !== "") ?? "";
