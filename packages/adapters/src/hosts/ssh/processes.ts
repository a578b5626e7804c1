/** What runs over there, and whose it is: looked at, and ended. */
import { quote } from "@skein/contract";
import {
  pause,
  adapterFailure,
  type Clock,
  type Owner,
  type ProcessRef,
  type Spare,
} from "@skein/sdk";
import {
  ownerIn,
  ownerInRow,
  parseRow,
  parseStat,
  sameOwner,
  type OwnedProcess,
} from "../marks.ts";
import type { Ask } from "./ask.ts";
import { BORN, ENDED } from "./far.ts";
import { wordOf } from "./words.ts";

export type Found = OwnedProcess & {
  /** What its standard input is; null when that cannot be told. */
  readonly stdin: string | null;
  readonly ageMs: number;
};

/**
 * All stat lines; then, of each process that carries the marks of this home, its pid, its stdin and the marks. A newline in a
 * value is turned into the byte 1, so that no value can pass for a mark.
 *
 * Each look proves that it was had, by the shell's own line or a last word: one that failed would show that nothing is left.
 */
const look = (home: string): string => `h=${quote(`SKEIN_HOME=${home}`)}
# One look at all of them; where grep stops at a NUL (busybox), one at each. It says 2 of one that it may not read.
with() {
  if printf 'a\\000b' | grep -qF b; then grep -lF "$h" /proc/[0-9]*/environ 2>/dev/null; [ $? -le 2 ] || return
  else for f in /proc/[0-9]*/environ; do
    tr '\\000' '\\n' < "$f" 2>/dev/null | grep -qF "$h"
    case $? in 0) echo "$f";; 1) ;; *) return;; esac
  done
  fi
  echo all
}
if [ -r /proc/self/stat ]; then
  { IFS=' ' read -r u x < /proc/uptime; } 2>/dev/null
  echo "up $u"
  echo "me $$"
  cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^/stat /'
  w=$(with)
  case $w in *all) ;; *) bye 1;; esac
  for f in \${w%all}; do
    p=\${f#/proc/}; p=\${p%/environ}
    echo "pid $p"
    echo "in $(readlink "/proc/$p/fd/0" 2>/dev/null)"
    tr '\\n\\000' '\\001\\n' < "$f" 2>/dev/null | grep -E '^SKEIN_(HOME|SESSION|GENERATION)='
    [ $? -le 1 ] || bye 1
  done
else
  echo "now $(date +%s)"
  a=$(LC_ALL=C TZ=UTC ps -axwwE -o pid=,pgid=,sess=,stat=,lstart=,command=) || bye 1
  a=$(printf '%s\\n' "$a" "all $h " | grep -F " $h " | sed 's/^/ps /')
  case $a in *"ps all "*) printf '%s\\n' "$a" || bye 1;; *) bye 1;; esac
fi
:`;

const TICKS_PER_SECOND = 100;

const readLinux = (lines: readonly string[], home: string): readonly Found[] | null => {
  const uptime = Number(lines.find((line) => line.startsWith("up "))?.slice(3));
  const stats = new Map(
    lines
      .filter((line) => line.startsWith("stat "))
      .flatMap((line) => {
        const pid = Number(/^stat (\d+)/.exec(line)?.[1]);
        const stat = parseStat(pid, line);
        return stat === null ? [] : [[pid, stat] as const];
      }),
  );
  const me = Number(lines.find((line) => line.startsWith("me "))?.slice(3));
  if (!stats.has(me)) return null;
  const ageOf = (started: string): number => (uptime - Number(started) / TICKS_PER_SECOND) * 1000;
  const found: Found[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const pid = Number(/^pid (\d+)$/.exec(lines[at] ?? "")?.[1]);
    const stat = stats.get(pid);
    if (stat === undefined) continue;
    const stdin = (lines[at + 1] ?? "").replace(/^in /, "");
    const marks: string[] = [];
    for (let mark = at + 2; (lines[mark] ?? "").startsWith("SKEIN_"); mark += 1)
      marks.push(lines[mark] ?? "");
    const owner = ownerIn(Buffer.from(`${marks.join("\0")}\0`), home);
    if (owner === null) continue;
    found.push({ ...stat, owner, stdin: stdin === "" ? null : stdin, ageMs: ageOf(stat.started) });
  }
  const marked = new Set(found.map((one) => one.pid));
  const sessions = new Map(found.map((one) => [one.session, one.owner]));
  for (const stat of stats.values()) {
    const owner = sessions.get(stat.session);
    if (owner === undefined || marked.has(stat.pid)) continue;
    found.push({ ...stat, owner, stdin: null, ageMs: ageOf(stat.started) });
  }
  return found;
};

const readPs = (lines: readonly string[]): readonly Found[] => {
  const now = Number(lines.find((line) => line.startsWith("now "))?.slice(4)) * 1000;
  return lines.flatMap((line): readonly Found[] => {
    if (!line.startsWith("ps ")) return [];
    const row = parseRow(line.slice(3));
    const owner = ownerInRow(row?.rest ?? "");
    if (row === null || owner === null) return [];
    // As BORN has it, word by word: ps pads a day of one digit.
    const started = row.stat.started.replaceAll(/ +/g, " ");
    const ageMs = now - Date.parse(`${started} UTC`);
    return [{ ...row.stat, started, owner, stdin: null, ageMs }];
  });
};

/** A pure fold of what the script printed. null: it did not see the processes. */
export const readProcesses = (text: string, home: string): readonly Found[] | null => {
  const lines = text.split("\n");
  return lines.some((line) => line.startsWith("up ")) ? readLinux(lines, home) : readPs(lines);
};

/**
 * The stat line of each that is there; one that is, and cannot be read, is none that has gone. Of a host without /proc, what `ps`
 * says of them, which ends with 1 when none is.
 */
const lookAt = (pids: readonly number[]): string => `if [ -r /proc/self/stat ]; then
  for p in ${pids.join(" ")}; do
    if s=$(tr '\\n' ' ' < "/proc/$p/stat"); then printf 'stat %s\\n' "$s"
    elif [ -e "/proc/$p/stat" ]; then bye 1
    fi
  done
else
  a=$(ps -o pid=,stat= -p ${pids.join(",")} 2>&1); c=$?
  [ "$c" = 0 ] || [ "$c$a" = 1 ] || { printf '%s\\n' "$a" >&2; bye 1; }
  printf '%s\\n' "$a" | sed 's/^/ps /'
fi
:`;

const isAliveIn = (line: string): number[] => {
  const found = /^(?:stat (\d+) |ps +(\d+) +([^ZXx]))/.exec(line);
  const pid = Number(found?.[1] ?? found?.[2]);
  const isDead = found?.[1] !== undefined && parseStat(pid, line) === null;
  return found === null || isDead ? [] : [pid];
};

/** Those of which the answer does not say that they are alive. */
export const readEnded = (text: string, pids: readonly number[]): ReadonlySet<number> => {
  const alive = new Set(text.split("\n").flatMap(isAliveIn));
  return new Set(pids.filter((pid) => !alive.has(pid)));
};

type Condemned = { readonly pid: number; readonly started: string };

const kill = (all: readonly Condemned[]): string =>
  all
    .map(({ pid, started }) => `same ${pid} ${quote(started)} && kill -KILL ${pid} 2>/dev/null`)
    .join("\n");

export type FarProcesses = {
  /** Every process there that carries the marks of `home`. */
  owned(): Promise<readonly Found[]>;
  process(pid: number): Promise<ProcessRef | null>;
  ended(pids: readonly number[]): Promise<ReadonlySet<number>>;
  /** Kills and looks again until none is left; resolves with how many there were. Rejects when some are there after ten seconds. */
  sweep(owner: Owner, spare?: Spare): Promise<number>;
};

const firstPauseMs = 5;
const longestPauseMs = 200;
const patienceMs = 10_000;
const glanceMs = 4_000;

export const makeProcesses = (deps: {
  readonly home: string;
  readonly clock: Clock;
  readonly ask: Ask;
}): FarProcesses => {
  const { home, clock, ask } = deps;
  /** One trip: what is condemned is killed, then all is looked at. */
  const killAndLook = async (condemned: readonly Condemned[]): Promise<readonly Found[]> => {
    const script = condemned.length === 0 ? look(home) : `${BORN}${kill(condemned)}\n${look(home)}`;
    const { code, output, errors } = await ask(script);
    const found = code === 0 ? readProcesses(output.toString("utf8"), home) : null;
    // What was not seen is not gone.
    if (found === null) throw unseen(errors);
    return found;
  };
  const sweep: FarProcesses["sweep"] = async (owner, spare) => {
    const seen = new Set<string>();
    const until = clock.monotonic() + patienceMs;
    let left: readonly Found[] = [];
    let pauseMs = firstPauseMs;
    for (let round = 0; ; round += 1) {
      // What was just found is killed at once; what outlives that is given time.
      if (round > 1) {
        await pause(clock, pauseMs);
        pauseMs = Math.min(longestPauseMs, pauseMs * 2);
      }
      const all = await killAndLook(left);
      left = all.filter((one) => sameOwner(one.owner, owner) && spare?.(one) !== true);
      if (left.length === 0) return seen.size;
      for (const one of left) seen.add(`${one.pid}/${one.started}`);
      if (clock.monotonic() > until) throw unkillable(left);
    }
  };
  const process: FarProcesses["process"] = async (pid) => {
    const script = `${BORN}born ${pid} || bye $?\nprintf %s "$B"`;
    const { code, output, errors } = await ask(script, { patienceMs: glanceMs });
    if (code === ENDED) return null;
    if (code !== 0) throw unseen(errors);
    return { pid, started: output.toString("utf8") };
  };
  const ended: FarProcesses["ended"] = async (pids) => {
    const { code, output, errors } = await ask(lookAt(pids), { patienceMs: glanceMs });
    if (code !== 0) throw unseen(errors);
    return readEnded(output.toString("utf8"), pids);
  };
  return { owned: () => killAndLook([]), process, ended, sweep };
};

export const unseen = (errors: string) =>
  adapterFailure(`The processes there cannot be looked at: ${wordOf(errors)}.`, {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Look whether `ps` works there, and whether there is room for another process.",
    retryable: true,
  });

const unkillable = (left: readonly Found[]) =>
  adapterFailure(`${left.length} processes of the agent could not be ended.`, {
    kind: "timeout",
    code: "backend_unavailable",
    remedy: `Look at them there with: ps -o pid,stat,wchan,args -p ${left.map((one) => one.pid).join(",")}`,
    retryable: true,
  });
