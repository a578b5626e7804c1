/**
 * What Claude Code's hooks (2.1.197) write for us, and how: for each event the payload to a file of its own, then the name of that
 * file as one short line in the spool `hooks`. Nothing is lost while no daemon is there, and nothing has to be reachable
 * from the host. A hook that asks for permission waits at a FIFO: who writes there decides, unless someone decides at the dialog.
 */
import { posix } from "node:path";
import { quote } from "@skein/contract";
import type { Json } from "../wire.ts";

/** Tries of one generation have spools of their own: what a first one said is not taken for the second one's. */
export const spoolDir = (dir: string, attempt: number): string => posix.join(dir, `tui-${attempt}`);

export const hooksFile = (spool: string): string => posix.join(spool, "hooks");
export const payloadFile = (spool: string, name: string): string => posix.join(spool, name);
export const answerFifo = (spool: string, name: string): string => posix.join(spool, `${name}.in`);
export const scriptFile = (spool: string): string => posix.join(spool, "hook.sh");
export const settingsFile = (spool: string): string => posix.join(spool, "settings.json");

/** A line of the spool. A name that could lead elsewhere is none. */
export const readHookLine = (
  line: string,
): { readonly event: string; readonly name: string } | null => {
  const found = /^([A-Za-z]+)\.\d+\.\d+$/.exec(line);
  return found === null ? null : { event: found[1] ?? "", name: line };
};

/**
 * POSIX sh. The name is taken with `set -C`, for a pid comes again in a long life. A line of less than PIPE_BUF bytes is appended whole.
 * Without its folder (removed with the generation) the hook says nothing and holds up nothing.
 */
export const hookScript = [
  "#!/bin/sh",
  "# Written by Skein for one life of one session; removed with it.",
  "event=$1 dir=${0%/*} n=0",
  "umask 077",
  "set -C",
  'cd -- "$dir" 2>/dev/null || exit 0',
  'until true 2>/dev/null >"$event.$$.$n"; do',
  "  n=$((n + 1))",
  '  [ "$n" -lt 1000 ] || exit 0',
  "done",
  "name=$event.$$.$n",
  'cat >|"$name" || exit 0',
  'if [ "$event" = PermissionRequest ]; then',
  '  mkfifo -m 600 "$name.in" || exit 0',
  "  trap 'rm -f \"$name.in\"; exit 0' TERM INT HUP",
  '  echo "$name" >>hooks',
  // One line: of a decision that was sent twice, since nobody knew whether it was heard, the second is nobody's.
  '  answer=$(head -n 1 "$name.in")',
  '  rm -f "$name.in"',
  "  printf '%s' \"$answer\"",
  "else",
  '  echo "$name" >>hooks',
  "fi",
  "exit 0",
  "",
].join("\n");

const events = [
  "SessionStart",
  "UserPromptSubmit",
  "PermissionRequest",
  "Stop",
  "StopFailure",
] as const;

/** As long as a dialog may stand open: a week. */
const heldSeconds = 7 * 24 * 3_600;
/** One that is given up has told nothing: a machine that hangs must not come to that. */
const briefSeconds = 600;

/** For `--settings`: our hooks beside the person's own. `bypasses`: the warning before permissions are bypassed is not shown. */
export const settingsOf = (spool: string, bypasses: boolean): Json => {
  const hookOf = (event: string): Json => ({
    type: "command",
    command: `${quote(scriptFile(spool))} ${event}`,
    timeout: event === "PermissionRequest" ? heldSeconds : briefSeconds,
  });
  return {
    hooks: Object.fromEntries(events.map((event) => [event, [{ hooks: [hookOf(event)] }]])),
    ...(bypasses ? { skipDangerousModePermissionPrompt: true } : {}),
  };
};
