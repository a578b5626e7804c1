/** How values become text that a shell reads. The only place of the house where a word is quoted for one. */

/** One word for a POSIX shell (and zsh, fish): comes out as it went in. Throws for NUL, which no argument and no variable can hold. */
export const quote = (word: string): string => {
  if (word.includes("\0")) throw new Error("A word for a shell holds a NUL.");
  return `'${word.replaceAll("'", `'\\''`)}'`;
};

export const quoteAll = (argv: readonly string[]): string => argv.map(quote).join(" ");

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** bash makes these itself, and ends when a script sets them. */
const FIXED = new Set(["UID", "EUID", "PPID", "SHELLOPTS", "BASHOPTS", "BASH_VERSINFO"]);

/** One `export` for each variable. A POSIX shell can export no names but these; the others are left out. */
export const exportLines = (env: Readonly<Record<string, string>>): string =>
  Object.entries(env)
    .filter(([name]) => NAME.test(name) && !FIXED.has(name))
    .map(([name, value]) => `export ${name}=${quote(value)}`)
    .join("\n");
