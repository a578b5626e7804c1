/** A command line as words: blanks part them, quotes and backslashes keep them together, and nothing else means anything. Pure. */
import { misused } from "./failure.ts";

const unclosed = (what: string) =>
  misused(`A ${what} is not closed in the command line.`, "Close it, or write the word otherwise.");

/** The text of one quoted part, and where it ends. */
const quoted = (line: string, from: number): readonly [text: string, end: number] => {
  const quote = line[from]!;
  let text = "";
  for (let at = from + 1; at < line.length; at++) {
    const char = line[at]!;
    if (char === quote) return [text, at];
    // As in a shell: between double quotes a backslash keeps only what would be special there.
    const keeps = quote === '"' && char === "\\" && /["\\$`]/.test(line[at + 1] ?? "");
    text += keeps ? line[++at]! : char;
  }
  throw unclosed(quote === '"' ? "double quote" : "single quote");
};

export const shellWords = (line: string): readonly string[] => {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === "'" || char === '"') {
      const [text, end] = quoted(line, at);
      word = (word ?? "") + text;
      at = end;
    } else if (char === "\\") {
      if (at + 1 === line.length) throw unclosed("backslash");
      word = (word ?? "") + line[++at]!;
    } else word = (word ?? "") + char;
  }
  if (word !== null) words.push(word);
  return words;
};
