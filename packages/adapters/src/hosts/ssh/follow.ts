/**
 * Lines of a growing file over there, from an offset, as they come. The bytes that were read are counted here: when the link is
 * cut, reading goes on at the very next one.
 */
import { quote } from "@skein/contract";
import { pause, type Clock, type SpoolLine } from "@skein/sdk";
import { makeLineCutter } from "../lines.ts";
import { fileFailure } from "../refusals.ts";
import { makeBackoff } from "./backoff.ts";
import { openChannel, type Channel, type ChannelDeps } from "./channel.ts";
import { untilStdinEnds } from "./far.ts";
import { isFull, wordOf } from "./words.ts";

export type FollowDeps = ChannelDeps & { readonly clock: Clock; readonly random: () => number };

/** Of a file that is there, until it is told that it cannot be read: what it lacks for a moment comes back within seconds. */
const TRIES = 6;
const times = { firstMs: 100, longestMs: 5_000, steadyMs: 30_000 };

/** Ends with its stdin, and when its reader does. A file that is not there yet is waited for, so long as there is someone to wait. */
const followScript = (path: string, from: number): string => `p=${quote(path)}
exec 3<&0
( until [ -e "$p" ]; do sleep 0.1 || sleep 1; done >/dev/null 2>&1; exec tail -c +${from + 1} -f -- "$p" ) 3<&- & t=$!
${untilStdinEnds}`;

/** What is there now, and no more. */
const restScript = (path: string, from: number): string => `p=${quote(path)}
[ -e "$p" ] || bye 0
tail -c +${from + 1} -- "$p"`;

/**
 * Bytes of one channel after the other, `at` moving with them; ends when the signal aborts or, without `isGrowing`, at the end. Only
 * a reader that ended well has seen that one: it throws an AdapterFailure when none does.
 */
const bytesFrom = async function* (
  deps: FollowDeps,
  path: string,
  at: { now: number },
  signal: AbortSignal,
  isGrowing: boolean,
): AsyncGenerator<Buffer> {
  const backoff = makeBackoff(deps.clock, deps.random, times);
  let failures = 0;
  while (!signal.aborted) {
    const channel = await openWhenUp(
      deps,
      isGrowing ? followScript(path, at.now) : restScript(path, at.now),
      signal,
    );
    if (channel !== null) {
      backoff.worked();
      const close = (): void => channel.close();
      signal.addEventListener("abort", close, { once: true });
      try {
        for await (const bytes of channel.output) {
          if (signal.aborted) return;
          at.now += bytes.length;
          yield bytes;
        }
        // What grows has no end.
        const ended = isGrowing ? null : await channel.ended;
        if (ended?.code === 0) return;
        if (typeof ended?.code === "number" && (failures += 1) === TRIES)
          throw fileFailure(`${path} cannot be read`, wordOf(ended.stderr), isFull(ended.stderr));
      } finally {
        signal.removeEventListener("abort", close);
        channel.close();
      }
    }
    await pause(deps.clock, backoff.next(), signal);
  }
};

/** null: it could not be opened this time, or nobody wants it any more. */
const openWhenUp = async (
  deps: FollowDeps,
  script: string,
  signal: AbortSignal,
): Promise<Channel | null> => {
  await deps.link.up(signal);
  if (signal.aborted) return null;
  const channel = await openChannel(deps, "lasting", script).catch(() => null);
  if (!signal.aborted) return channel;
  channel?.close();
  return null;
};

export const followFile = async function* (
  deps: FollowDeps,
  path: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<SpoolLine> {
  const cutter = makeLineCutter(from);
  for await (const bytes of bytesFrom(deps, path, { now: from }, signal, true)) {
    for (const line of cutter.push(bytes)) {
      if (signal.aborted) return;
      yield line;
    }
  }
};

/**
 * Of a file that nobody writes any more: to its end, a last line without newline too. A cut link is waited out. Rejects with an
 * AdapterFailure when it is there and cannot be read.
 */
export const restOfFile = async function* (
  deps: FollowDeps,
  path: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<SpoolLine> {
  const cutter = makeLineCutter(from);
  for await (const bytes of bytesFrom(deps, path, { now: from }, signal, false)) {
    for (const line of cutter.push(bytes)) {
      if (signal.aborted) return;
      yield line;
    }
  }
  if (signal.aborted) return;
  const rest = cutter.rest();
  if (rest !== null) yield rest;
};

/**
 * Lines of a process's spool: followed while it lives; when `dead` aborts, what is left is read to its end. Rejects with an
 * AdapterFailure when that cannot be done.
 */
export const spoolLines = async function* (
  deps: FollowDeps,
  path: string,
  from: number,
  dead: AbortSignal,
  closed: AbortSignal,
): AsyncGenerator<SpoolLine> {
  const cutter = makeLineCutter(from);
  const at = { now: from };
  const phases = [
    { isGrowing: true, until: AbortSignal.any([dead, closed]) },
    { isGrowing: false, until: closed },
  ];
  for (const { isGrowing, until } of phases) {
    for await (const bytes of bytesFrom(deps, path, at, until, isGrowing)) {
      for (const line of cutter.push(bytes)) {
        if (closed.aborted) return;
        yield line;
      }
    }
    if (closed.aborted) return;
  }
  const rest = cutter.rest();
  if (rest !== null) yield rest;
};
