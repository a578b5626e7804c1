/**
 * The words of a command line as a POSIX shell would split it, without expanding anything; null when a quote is open.
 * Codex gives commands as one line that it quoted itself: `/bin/bash -lc 'echo hi'`.
 */
export const shellWords = (line: string): string[] | null => {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at] ?? "";
    if (/\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (sign === "'") {
      const end = line.indexOf("'", at + 1);
      if (end === -1) return null;
      word = (word ?? "") + line.slice(at + 1, end);
      at = end;
    } else if (sign === '"') {
      const quoted = doubleQuoted(line, at + 1);
      if (quoted === null) return null;
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (sign === "\\") {
      at += 1;
      word = (word ?? "") + (line[at] ?? "");
    } else word = (word ?? "") + sign;
  }
  if (word !== null) words.push(word);
  return words;
};

const doubleQuoted = (line: string, from: number): { text: string; end: number } | null => {
  let text = "";
  for (let at = from; at < line.length; at += 1) {
    const sign = line[at] ?? "";
    if (sign === '"') return { text, end: at };
    if (sign === "\\" && /["\\$`]/.test(line[at + 1] ?? "")) {
      at += 1;
      text += line[at] ?? "";
    } else text += sign;
  }
  return null;
};

/** What the agent wanted to run, without the shell that Codex wraps around it. */
export const withoutShell = (line: string): string => {
  const words = shellWords(line);
  const [shell = "", flag = "", script] = words ?? [];
  const wrapped = words?.length === 3 && /(^|\/)(ba|z|da|k)?sh$/.test(shell) && /^-l?c$/.test(flag);
  return wrapped && script !== undefined ? script : line;
};
