/**
 * The person's terminal while it shows another one: raw, on its second screen, and put back as it was whatever happens. That this
 * program is killed with -9 only somebody else can notice: a shell that waits for the end of a pipe from it.
 */
import { execFileSync, spawn } from "node:child_process";
import type { ReadStream, WriteStream } from "node:tty";

/** Second screen, its title kept aside. */
const ENTER = "\x1b[22;0t\x1b[?1049h\x1b[2J\x1b[H";
/** Every mode that the shown program may have wanted, off; then the first screen again. */
const LEAVE =
  "\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>" +
  "\x1b[0 q\x1b[?25h\x1b[0m\x1b[?1049l\x1b[23;0t";

/** `$1`: how stty had it. Anything but the word `done` at the end of the pipe means that nobody put it back. */
const GUARD = `trap '' INT TERM HUP QUIT TSTP TTOU
read word
[ "$word" = done ] && exit
stty "$1" <&3
printf '%b' "$2"`;

export type Tty = {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  /** PATH, where stty is found. */
  readonly path: string;
};

/** Its size now. One that nobody gave a size, as on a serial line, says 0x0: it is taken for 80x24. */
export const windowOf = ({ stdout: { columns, rows } }: Pick<Tty, "stdout">) => ({
  columns: columns > 0 ? Math.max(2, columns) : 80,
  rows: rows > 0 ? Math.max(2, rows) : 24,
});

/** As it is now, in words of stty; null when there is no stty: then only the guard is missing. */
const settings = (): string | null => {
  try {
    const stdio = ["inherit", "pipe", "ignore"] as const;
    return execFileSync("stty", ["-g"], { stdio: [...stdio], encoding: "utf8" }).trim();
  } catch {
    return null;
  }
};

const startGuard = (stty: string, path: string): (() => void) => {
  const octal = LEAVE.replaceAll("\x1b", "\\033");
  const guard = spawn("/bin/sh", ["-c", GUARD, "sh", stty, octal], {
    stdio: ["pipe", 1, "ignore", 0],
    env: { PATH: path },
  });
  guard.on("error", () => undefined);
  guard.stdin?.on("error", () => undefined);
  guard.unref();
  return () => void guard.stdin?.end("done\n");
};

/** Gives the way back, which may be called twice. It is taken by itself when this program ends. */
export const holdTty = ({ stdin, stdout, path }: Tty): (() => void) => {
  const stty = settings();
  const dismiss = stty === null ? () => undefined : startGuard(stty, path);
  let isHeld = true;
  const giveBack = (): void => {
    if (!isHeld) return;
    isHeld = false;
    process.off("exit", giveBack);
    try {
      stdout.write(LEAVE);
      stdin.setRawMode(false);
    } catch {
      // The terminal itself is gone.
    }
    dismiss();
  };
  process.on("exit", giveBack);
  stdin.setRawMode(true);
  stdout.write(ENTER);
  return giveBack;
};
