/**
 * What the scripts over there are made of: POSIX sh and coreutils. Where there is no /proc, `ps` stands in for it; where there is
 * no setsid (util-linux, busybox), the shell's own job control makes the group, which then sits in the session of its channel.
 */
import { exportLines, quote, quoteAll } from "@skein/contract";
import { oneLine, READER } from "./script.ts";

/** What `born` and `same` end with when they could not look: a system without room for another process, say. It tells nothing. */
export const UNSEEN = 3;
/** What they end with when they looked, and it is dead, a zombie, or (`same`) another one. */
export const ENDED = 1;

/**
 * `born PID`: sets B to when it was started; what ps says of that is told alike whatever a login's time zone is. What ps shows of the
 * shell itself proves that ps has looked.
 */
export const BORN = `
born() {
  if [ -r /proc/self/stat ]; then
    { IFS= read -r B < "/proc/$1/stat"; } 2>/dev/null || { [ -e "/proc/$1/stat" ] && return ${UNSEEN}; return ${ENDED}; }
    B=\${B##*) }
    case $B in [ZXx]*) return ${ENDED};; esac
    set -- $B; shift 19; B=$1
  else
    P=$1; B=; W=
    set -- $(LC_ALL=C TZ=UTC ps -o pid= -o stat= -o lstart= -p "$$,$1" 2>/dev/null)
    while [ $# -ge 7 ]; do
      [ "$1" != "$$" ] || W=1
      if [ "$1" = "$P" ]; then case $2 in Z*) ;; *) B="$3 $4 $5 $6 $7";; esac; fi
      shift 7
    done
    [ -n "$W" ] || return ${UNSEEN}
    [ -n "$B" ] || return ${ENDED}
  fi
}
same() { born "$1" || return; [ "$B" = "$2" ]; }
# Only a look that was had tells of an end.
maybe() { same "$1" "$2"; [ $? -ne ${ENDED} ]; }
`;

/** $S before a command puts it into a session of its own. */
export const APART = `S=; if command -v setsid >/dev/null 2>&1; then S=setsid; else set -m; fi
`;

/** Waits for the process $t, and ends it when the script's stdin, which is descriptor 3 as well, ends before that. */
export const untilStdinEnds = `( IFS= read -r x; kill "$t" ) <&3 3<&- >/dev/null 2>&1 & r=$!
exec 3<&-
wait "$t"
kill "$r" 2>/dev/null
:`;

export const NO_PROGRAM = 127;
export const NOT_ALLOWED = 126;
export const NO_FOLDER = 125;

/**
 * The line that makes a bare shell into the program, with that environment and no other. On descriptor 4 it says why it cannot:
 * `mark` and one of the numbers above; with `tells`, also that it can: 0. `streams`: redirections that hold for the program alone.
 */
export const programLine = (
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  folder: string | undefined,
  streams: string,
  mark: string,
  tells = false,
): string => {
  // What a shell sets of its own accord.
  const shells = ["PWD", "OLDPWD", "SHLVL", "_"].filter((name) => !(name in env));
  const unset = shells.map((name) => `-u ${name}`).join(" ");
  const enter = folder === undefined ? "" : `cd ${quote(folder)} 2>/dev/null || no ${NO_FOLDER}`;
  return oneLine(`no() { echo ${quote(mark)} "$1" >&4; exit "$1"; }
${enter}
unset PWD OLDPWD SHLVL
${"PATH" in env ? "" : "PATH=/usr/local/bin:/usr/bin:/bin; export PATH"}
${exportLines(env)}
set -- ${quoteAll(argv)}
case $1 in
*/*) [ -e "$1" ] || no ${NO_PROGRAM}
  [ -x "$1" ] && ! [ -d "$1" ] || no ${NOT_ALLOWED} ;;
*) command -v -- "$1" >/dev/null || no ${NO_PROGRAM} ;;
esac
${tells ? `echo ${quote(mark)} 0 >&4` : ""}
case \${BASH_VERSION-}\${KSH_VERSION-} in
'') exec "$@" ${streams} 4>&- ;;
*) exec env ${unset} "$@" ${streams} 4>&- ;;
esac`);
};

/** A bare shell that reads such a line. */
export const BARE = `$S env -i /bin/sh -c '${READER}'`;
