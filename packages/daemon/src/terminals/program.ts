/**
 * How a program gets into a terminal: tmux runs `sh` on a file (0600) that removes itself, sets the whole environment and
 * becomes the program. So nothing of the environment, and no long argument, ever stands in an argument list of tmux.
 */
import type { TerminalSpec } from "@skein/sdk";

/** For sh, whatever the text holds. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The owner's marks, as the local host writes them for detached processes: a sweep finds both. */
const marks = (home: string, { owner }: TerminalSpec): Record<string, string> => ({
  SKEIN_HOME: home,
  SKEIN_SESSION: owner.session,
  SKEIN_GENERATION: String(owner.generation),
});

export const startScript = (spec: TerminalSpec, home: string, terminal: string): string => {
  const env = { ...spec.env, TERM: terminal, ...marks(home, spec) };
  const exports = Object.entries(env)
    .filter(([name]) => NAME.test(name))
    .map(([name, value]) => `export ${name}=${quoted(value)}`);
  return [
    'rm -f -- "$0"',
    // Not tmux's -c: that would read formats, and with them commands, in a folder's name.
    `cd -- ${quoted(spec.folder)} || exit 126`,
    "unset OLDPWD",
    ...exports,
    `exec ${spec.argv.map(quoted).join(" ")}`,
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
