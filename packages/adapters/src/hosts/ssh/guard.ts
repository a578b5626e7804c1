/** When processes over there end: one script looks at all of them, and says so. Its word alone makes a process dead. */
import { quote } from "@skein/contract";
import { pause, type ProcessRef } from "@skein/sdk";
import { makeBackoff } from "./backoff.ts";
import { openChannel, type Channel } from "./channel.ts";
import { BORN, untilStdinEnds } from "./far.ts";
import { type FollowDeps } from "./follow.ts";

export type Guard = {
  /** Calls `died` once, when it is dead; the returned function stops watching. */
  watch(process: ProcessRef, died: () => void): () => void;
  close(): void;
};

const times = { firstMs: 100, longestMs: 5_000, steadyMs: 30_000 };

/** Ends with its stdin, with its last process, when nobody reads what it says, or when it can look no more. */
const guardScript = (all: readonly ProcessRef[]): string => `${BORN}
look() { maybe "$1" "$2" || { echo "dead $1 $2" || exit; return 1; }; }
gone=
exec 3<&0
( while :; do
left=
${all.map(({ pid, started }) => `case $gone in *" ${pid} "*) ;; *) if look ${pid} ${quote(started)}; then left=1; else gone="$gone ${pid} "; fi;; esac`).join("\n")}
[ -n "$left" ] || break
sleep 0.25 >/dev/null 2>&1 || sleep 1 >/dev/null 2>&1
done ) 3<&- & t=$!
${untilStdinEnds}`;

const keyOf = ({ pid, started }: ProcessRef): string => `${pid} ${started}`;

/** One channel for all, open only while there is something to watch; opened anew whenever something is added. */
export const makeGuard = (deps: FollowDeps): Guard => {
  const watched = new Map<
    string,
    { readonly process: ProcessRef; readonly died: Set<() => void> }
  >();
  const closed = new AbortController();
  let running = false;
  let stale = new AbortController();

  const hear = (line: string): void => {
    const key = /^dead (.+)$/.exec(line)?.[1];
    const one = key === undefined ? undefined : watched.get(key);
    if (one === undefined) return;
    watched.delete(key ?? "");
    for (const died of one.died) died();
  };
  const listen = async (channel: Channel, until: AbortSignal): Promise<void> => {
    const close = (): void => channel.close();
    until.addEventListener("abort", close, { once: true });
    if (until.aborted) close();
    let text = "";
    for await (const bytes of channel.output) {
      const lines = (text + bytes.toString("utf8")).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) hear(line);
    }
    until.removeEventListener("abort", close);
    close();
  };
  const round = async (): Promise<boolean> => {
    await deps.link.up(closed.signal);
    stale = new AbortController();
    const all = [...watched.values()].map((one) => one.process);
    if (all.length === 0) return true;
    const channel = await openChannel(deps, "lasting", guardScript(all)).catch(() => null);
    if (channel === null) return false;
    await listen(channel, AbortSignal.any([stale.signal, closed.signal]));
    return stale.signal.aborted || watched.size === 0;
  };
  const work = async (): Promise<void> => {
    const backoff = makeBackoff(deps.clock, deps.random, times);
    while (watched.size > 0 && !closed.signal.aborted) {
      if (await round()) backoff.worked();
      else await pause(deps.clock, backoff.next(), closed.signal);
    }
    running = false;
  };
  return {
    watch: (process, died) => {
      const key = keyOf(process);
      const one = watched.get(key) ?? { process, died: new Set() };
      if (one.died.size === 0) stale.abort();
      one.died.add(died);
      watched.set(key, one);
      if (!running) {
        running = true;
        void work();
      }
      return () => {
        one.died.delete(died);
        if (one.died.size > 0 || watched.get(key) !== one) return;
        watched.delete(key);
        stale.abort();
      };
    },
    close: () => closed.abort(),
  };
};
