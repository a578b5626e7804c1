/**
 * How a script gets to the shell over there: the only command builder for ssh in the house (values in it are quoted by the contract's
 * `quote`).
 *
 * All text goes by stdin, for an argument list can be read by everybody on both machines. The command that ssh carries is always the
 * same (BOOT), and means the same to sh, bash, zsh, fish and csh, whichever of them is the login's shell.
 */

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
