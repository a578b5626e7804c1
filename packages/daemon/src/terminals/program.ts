/**
 * How a program gets into a terminal: tmux runs `sh` on a file (0600) that removes itself, sets the whole environment and
 * becomes the program. So nothing of the environment, and no long argument, ever stands in an argument list of tmux.
 */
import { exportLines, quote, quoteAll } from "@skein/contract";
import { marksOf, type TerminalSpec } from "@skein/sdk";

export const startScript = (spec: TerminalSpec, home: string, terminal: string): string => {
  const env = { ...spec.env, TERM: terminal, ...marksOf(home, spec.owner) };
  return [
    'rm -f -- "$0"',
    // Not tmux's -c: that would read formats, and with them commands, in a folder's name.
    `cd -- ${quote(spec.folder)} || exit 126`,
    "unset OLDPWD",
    exportLines(env),
    `exec ${quoteAll(spec.argv)}`,
    "",
  ].join("\n");
};

/** For tmux: the file's own path is all that it is told. `env -i`: nothing of tmux's own environment goes further. */
export const startCommand = (file: string): readonly string[] => [
  "/usr/bin/env",
  "-i",
  "/bin/sh",
  file,
];
