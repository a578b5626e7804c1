/** The prompt as the terminal or the program shows it back: wrapped, framed, with marks before its lines. Pure. */

/** Without what a screen cannot be trusted to keep, or what is never typed: blanks, control characters, the marks of a paste. */
export const compact = (text: string): string =>
  text.replaceAll(/\x1b\[20[01]~|[\s\x00-\x1f\x7f-\x9f]/g, "");

/** What programs put before and behind the lines of what a person types. */
const LEADING = /^[\s>|│┃┆❯›»$#%:.…*·•╭╰╮╯─-]+/u;
const TRAILING = /[\s|│┃]+$/u;

/** So many characters of a prompt are its echo even where the program shows only its beginning. */
const ENOUGH_CHARS = 12;

/** How a line goes on with `rest`: all of it is echo, its beginning is (with what follows), or nothing. */
const follow = (
  line: string,
  rest: string,
): { readonly length: number; readonly over: string } | null => {
  for (const shown of [line, line.replace(LEADING, "").replace(TRAILING, "")]) {
    const bare = compact(shown);
    if (bare !== "" && rest.startsWith(bare)) return { length: bare.length, over: "" };
    if (bare.startsWith(rest)) return { length: rest.length, over: after(shown, rest.length) };
  }
  return null;
};

/** What follows the first `count` characters that are no blanks. */
const after = (line: string, count: number): string => {
  let seen = 0;
  for (let at = 0; at < line.length; at++) {
    if (seen === count) return line.slice(at).trimStart();
    if (compact(line[at]!) !== "") seen++;
  }
  return "";
};

/**
 * The lines behind the echo. Where the prompt is not shown back at all, or only a little of it, nothing is taken away. An answer
 * that repeats the prompt of a program that shows nothing back is taken for its echo: that cannot be told apart.
 */
export const withoutEcho = (lines: readonly string[], prompt: string): readonly string[] => {
  const want = compact(prompt);
  let seen = 0;
  for (const [index, line] of lines.entries()) {
    if (seen === want.length) return lines.slice(index);
    if (compact(line) === "" || compact(line.replace(LEADING, "")) === "") continue;
    const found = follow(line, want.slice(seen));
    if (found === null) {
      return seen < ENOUGH_CHARS ? lines : lines.slice(index);
    }
    seen += found.length;
    if (found.over !== "") return [found.over, ...lines.slice(index + 1)];
  }
  return seen === want.length || seen >= ENOUGH_CHARS ? [] : lines;
};
