/**
 * The writing end of an agent's stdin, over a link that may be cut at any moment. What is written is taken whole over there first,
 * then claimed under a name that only this write has, then put into the FIFO; the name tells afterwards whether it was. So a write
 * whose answer got lost is asked for again under its name, and done once.
 */
import { randomUUID } from "node:crypto";
import { quote } from "@skein/contract";
import { pause, adapterFailure, isAdapterFailure, type Clock, type ProcessRef } from "@skein/sdk";
import { fileFailure, gone } from "../refusals.ts";
import type { Answer, Ask } from "./ask.ts";
import { makeBackoff } from "./backoff.ts";
import { BORN } from "./far.ts";
import type { Link } from "./link.ts";
import { isFull, wordOf } from "./words.ts";

export type Writer = {
  /** Writes the line and a newline, after all lines before it; waits for the link, and for a reader that is slow. */
  write(line: string): Promise<void>;
  /** What still waits is given up, with a failure; a line may have been cut then. */
  close(): void;
};

type WriterDeps = {
  readonly ask: Ask;
  readonly link: Link;
  readonly clock: Clock;
  readonly random: () => number;
};

const SHORT = 30;
const HALF = 31;
const DEAD = 32;
const DISK = 33;
const STOPPED = 34;

const NEWLINE = Buffer.from("\n");

/** So many bytes of waiting lines go in one trip, if there are several. */
const TRIP_BYTES = 256 * 1024;
const times = { firstMs: 100, longestMs: 5_000, steadyMs: 30_000 };

type Place = { readonly dir: string; readonly process: ProcessRef };

/** Whose write it is, and which of theirs: the order is the one in which they are written. */
type Name = { readonly writer: string; readonly number: number };

const wordOfName = ({ writer, number }: Name): string => `${writer}.${number}`;

/**
 * `w.NAME` is the claim: a folder, for only one can make it. In it `by` (its number, and who writes), which becomes `done`; and that,
 * when the next write comes, becomes `u.WRITER`: up to where all is written, so that a script that was held up for long finds
 * no free claim where there was one before. `s.NAME.PID` is what is to be written. The FIFO is opened read-write: so it never waits
 * for a reader, and the agent's death is looked for beside it.
 */
const writeScript = (place: Place, name: Name, before: Name | null, bytes: number): string =>
  `${BORN}
cd -- ${quote(place.dir)} 2>/dev/null || bye ${DEAD}
trap '' HUP PIPE
umask 077
w=w.${wordOfName(name)}; s=s.${wordOfName(name)}.$$; u=u.${name.writer}; c=
lives() { maybe ${place.process.pid} ${quote(place.process.started)}; }
leave() { rm -f "$s"; bye "$1"; }
${before === null ? "" : tidy(before)}
head -c ${bytes} > "$s" || leave ${DISK}
[ "$(wc -c < "$s")" -eq ${bytes} ] || leave ${SHORT}
r=0
until mkdir "$w" 2>/dev/null; do
  [ -e "$w/done" ] && leave 0
  if [ ! -d "$w" ]; then
    [ "$r" -lt 100 ] || { mkdir "$w" && rmdir "$w"; leave ${DISK}; }
    r=$((r + 50))
  elif { IFS=' ' read -r q b x < "$w/by"; } 2>/dev/null; then
    maybe "$b" "$x" || [ -e "$w/done" ] || [ ! -e "$w/by" ] || leave ${HALF}
  else
    [ "$r" -lt 100 ] || leave ${HALF}
    r=$((r + 1))
  fi
  sleep 0.05 2>/dev/null || sleep 1
done
{ IFS=' ' read -r q x < "$u"; } 2>/dev/null && [ "$q" -ge ${name.number} ] && { rmdir "$w"; leave 0; }
born $$ || { rm -rf "$w"; leave ${SHORT}; }
echo "${name.number} $$ $B" > "$w/by" || { rm -rf "$w"; leave ${DISK}; }
lives || { rm -rf "$w"; leave ${DEAD}; }
trap 'kill "$c" "$d" 2>/dev/null; leave ${STOPPED}' TERM
cat "$s" 1<>in & c=$!
( while sleep 0.2 || sleep 1; do lives || break; done; kill "$c" ) </dev/null >/dev/null 2>&1 & d=$!
wait "$c"; e=$?
kill "$d" 2>/dev/null
[ "$e" -eq 0 ] || { lives && leave ${HALF}; leave ${DEAD}; }
mv -f "$w/by" "$w/done"
leave 0`;

const tidy = (name: Name): string => {
  const word = wordOfName(name);
  return `{ mv -f w.${word}/done "$u" && rm -rf w.${word} s.${word}.*; } 2>/dev/null`;
};

const stopScript = (place: Place, name: Name): string => `${BORN}
cd -- ${quote(place.dir)} 2>/dev/null || bye 0
{ IFS=' ' read -r q b x < w.${wordOfName(name)}/by; } 2>/dev/null && same "$b" "$x" && kill -TERM "$b"
:`;

/** The agent lives, and this line is not for it any more: nothing that is told of its end would bring the line back. */
const half = () =>
  adapterFailure("A line to the agent was cut: what wrote it over there was killed.", {
    kind: "protocol",
    code: "backend_unavailable",
    remedy: "Send again.",
    retryable: false,
  });

/** null: it is written. */
const judge = (answer: Answer, dir: string) => {
  switch (answer.code) {
    case 0:
      return null;
    case DEAD:
      return gone("the line was not written");
    case STOPPED:
      return gone("the line was not written whole");
    case DISK:
      return fileFailure(`${dir} cannot be written`, wordOf(answer.errors), isFull(answer.errors));
    default:
      return half();
  }
};

type Waiting = { readonly bytes: Buffer; readonly tell: (failure: Error | null) => void };

export const makeWriter = (deps: WriterDeps, place: Place): Writer => {
  const closed = new AbortController();
  let queue: Waiting[] = [];
  const writer = randomUUID().slice(0, 8);
  let writing: Name | null = null;
  let before: Name | null = null;
  let running = false;
  /** Half a line may lie there: what comes next must not become the rest of it. */
  let isCut = false;

  /** The lines that wait, as many as go in one trip: they are written whole together, or not at all. */
  const next = (): readonly Waiting[] => {
    let bytes = 0;
    let count = 0;
    for (const one of queue) {
      bytes += one.bytes.length;
      if (count > 0 && bytes > TRIP_BYTES) break;
      count += 1;
    }
    const taken = queue.slice(0, count);
    queue = queue.slice(count);
    return taken;
  };
  /** Until an answer comes, however often the link is cut. */
  const deliver = async (name: Name, input: Buffer): Promise<Error | null> => {
    const backoff = makeBackoff(deps.clock, deps.random, times);
    const script = writeScript(place, name, before, input.length);
    for (;;) {
      await deps.link.up(closed.signal);
      if (closed.signal.aborted) return gone("the line was not written whole");
      const options = { input, patienceMs: null, signal: closed.signal };
      const answer = await deps.ask(script, options).catch(() => null);
      // Short: the link was cut while it was sent, and nothing was written.
      if (answer !== null && answer.code !== SHORT) return judge(answer, place.dir);
      await pause(deps.clock, backoff.next(), closed.signal);
    }
  };
  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = next();
      const bytes = batch.map((one) => one.bytes);
      writing = { writer, number: (before?.number ?? 0) + 1 };
      const failure = await deliver(writing, Buffer.concat(isCut ? [NEWLINE, ...bytes] : bytes));
      if (failure === null) isCut = false;
      else isCut ||= isAdapterFailure(failure) && failure.failure.kind === "protocol";
      before = writing;
      writing = null;
      for (const one of batch) one.tell(failure);
    }
    running = false;
  };
  return {
    write: (line) =>
      new Promise((resolve, reject) => {
        if (closed.signal.aborted) return reject(gone("the line was not written"));
        const tell = (failure: Error | null): void =>
          failure === null ? resolve() : reject(failure);
        queue.push({ bytes: Buffer.from(`${line}\n`, "utf8"), tell });
        if (running) return;
        running = true;
        void work();
      }),
    close: () => {
      closed.abort();
      for (const one of queue.splice(0)) one.tell(gone("the line was not written"));
      if (writing !== null) void deps.ask(stopScript(place, writing)).catch(() => undefined);
    },
  };
};
