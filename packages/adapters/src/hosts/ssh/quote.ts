/**
 * How words become text that a shell over there reads: the only place of the house where shell text is made of values.
 *
 * All text goes by stdin, for an argument list can be read by everybody on both machines. The command that ssh carries is always the
 * same (BOOT), and means the same to sh, bash, zsh, fish and csh, whichever of them is the login's shell.
 */

/** One word for a POSIX shell: comes out as it went in. Throws for NUL, which no argument and no variable can hold. */
export const quote = (word: string): string => {
  if (word.includes("\0")) throw new Error("A word for a shell holds a NUL.");
  return `'${word.replaceAll("'", `'\\''`)}'`;
};

export const words = (argv: readonly string[]): string => argv.map(quote).join(" ");

/**
 * Reads one line, which is a script (see `oneLine`), and becomes it. `read` takes no byte more than the line: what follows on
 * stdin is the script's own.
 */
export const READER = 'IFS= read -r s; eval "$(printf %b "$s")"';
export const BOOT = `exec /bin/sh -c '${READER}'`;

const escaped = (byte: number): string => {
  if (byte === 0x5c) return "\\\\";
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\0${byte.toString(8).padStart(3, "0")}`;
};

/** A script as the one line of plain ASCII that READER takes: bytes that shells treat in ways of their own go as their numbers. */
export const oneLine = (script: string): string => {
  let line = "";
  for (const byte of Buffer.from(script, "utf8")) line += escaped(byte);
  return `${line}\n`;
};

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** bash makes these itself, and ends when a script sets them. */
const FIXED = new Set(["UID", "EUID", "PPID", "SHELLOPTS", "BASHOPTS", "BASH_VERSINFO"]);

/** A POSIX shell can export no other names; those are left out. */
export const exportable = (
  env: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] =>
  Object.entries(env).filter(([name]) => NAME.test(name) && !FIXED.has(name));
