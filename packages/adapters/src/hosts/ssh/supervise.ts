/**
 * The script around a program that must not outlive its channel: it gives the program its input, and when the channel's stdin
 * ends before the program does, it kills the program's group. Descriptor 3 is the channel's stdin.
 */
import { APART, BARE } from "./far.ts";

/** More than a pipe holds: a program that does not read would keep the end of the channel from being seen. */
const SPILLED = 32 * 1024;

/** The program's own line, then so many bytes, then the end of its stdin; the channel's end is waited for behind them. */
export const someInput = (bytes: number): string => {
  const line = `IFS= read -r i; printf '%s\\n' "$i"`;
  const end = "exec >&-; IFS= read -r x";
  if (bytes === 0) return `${line}; ${end}`;
  if (bytes <= SPILLED) return `${line}; head -c ${bytes}; ${end}`;
  return `${line}; t=$(umask 077; mktemp "\${TMPDIR:-/tmp}/skein.XXXXXX") || { kill -USR1 $$; exit; }; head -c ${bytes} >"$t"
  { cat "$t"; rm -f "$t"; } & ${end}`;
};

/** All that comes, for as long as the channel lives. */
export const allInput = "cat";

/** Tells of a broken channel even where the program's input is stuck: nobody takes the pulse, and it dies of that. */
export const PULSE = `( while sleep 5 >/dev/null 2>&1; do printf '\\000' >&2 || break; done; kill -USR1 $$ ) >/dev/null 3<&- & w=$!
`;

/**
 * What feeds it is no part of the job that is waited for: some shells wait for all of a pipeline.
 *
 * Ends with the program's own code (128 and the signal's number); why it could not begin stands on stderr (descriptor 4).
 */
export const supervise = (input: string, pulse = ""): string => `${APART}
exec 3<&0 0</dev/null
k=; p=
end() { kill -KILL "-$p" 2>/dev/null || kill -KILL "$p" 2>/dev/null; }
trap 'k=1' USR1
{ { ${input}; kill -USR1 $$; } <&3 3<&- 2>/dev/null & } | ${BARE} 3<&- 4>&2 &
p=$!
trap 'k=1; end' USR1
[ -z "$k" ] || end
exec 3<&-
${pulse}while wait "$p"; c=$?; [ -n "$k" ]; do k=; done
${pulse === "" ? "" : 'kill "$w" 2>/dev/null'}
( exit "$c" )`;
