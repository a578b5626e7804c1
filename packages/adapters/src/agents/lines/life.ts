/**
 * The life of an agent that speaks in lines: the process of one generation, started detached by the host, the reader of its
 * spool, and the way to its stdin. Drivers add what is their own.
 */
import {
  adapterFailure,
  isAdapterFailure,
  pause,
  type AdapterFailure,
  type Detached,
  type Exit,
  type Fact,
  type Owner,
  type SessionContext,
} from "@skein/sdk";
import { makeReader, type Reader, type Reading } from "./reader.ts";

export type Exited = Extract<Fact, { fact: "exited" }>;

export type LineLife<State> = {
  /** The agent's, for sentences. */
  readonly title: string;
  readonly context: SessionContext;
  readonly owner: Owner;
  readonly reader: Reader<State>;
  /** What is told as the last: its end, and what belongs to it. */
  last(end: Exited): readonly Fact[];
  detached: Detached | null;
  /** Resolves when the spool is read to its end: how the process ended; null when it was let go. Never rejects. */
  reading: Promise<Exit | null>;
  stopping: boolean;
  closed: boolean;
  /** The last fact was told. */
  over: boolean;
};

export type Words<State, Order> = Reading<State, Order> & {
  readonly title: string;
  /** Default: its end alone. */
  last?(end: Exited): readonly Fact[];
};

/** Starts nothing. */
export const makeLineLife = <State, Order>(
  context: SessionContext,
  words: Words<State, Order>,
): LineLife<State> => ({
  title: words.title,
  context,
  owner: { session: context.session.id, generation: context.generation },
  reader: makeReader(context, words),
  last: (end) => words.last?.(end) ?? [end],
  detached: null,
  reading: Promise.resolve(null),
  stopping: false,
  closed: false,
  over: false,
});

const AGAIN_MS = 1_000;

/** A spool that cannot be read now (no descriptor left, a disk that fails) is read on from where it was. */
const readOn = async <State>(life: LineLife<State>, detached: Detached): Promise<void> => {
  const { reader, context } = life;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await reader.read(detached.lines(reader.offset()));
    } catch (error) {
      if (life.closed || !isAdapterFailure(error)) throw error;
      if (isFirst) context.log("warn", "an agent's words wait", { error: error.message });
      await pause(context.backend.clock, AGAIN_MS);
    }
  }
};

/** Begins to read. The process ends: its last words are told before `reading` resolves. */
export const follow = <State>(life: LineLife<State>, detached: Detached): void => {
  life.detached = detached;
  const { reader, context } = life;
  const read = async (): Promise<Exit | null> => {
    await readOn(life, detached);
    if (life.closed) return null;
    await reader.flushed();
    return detached.exited;
  };
  life.reading = read().catch(async (error: unknown) => {
    // The generation is over or the daemon leaves: its words are nobody's any more, or the next daemon's.
    context.log("info", "reading was given up", { error: String(error) });
    life.closed = true;
    await detached.close();
    return null;
  });
};

/** Until it is so, or the process has ended, or `ms` are over; leaves nothing behind. */
export const wait = async <State>(
  life: LineLife<State>,
  ms: number,
  passes: (state: State) => boolean,
): Promise<void> => {
  const over = new AbortController();
  const cancel = life.context.backend.clock.after(ms, () => over.abort());
  await Promise.race<unknown>([life.reader.until(passes, over.signal), life.reading]);
  cancel();
  over.abort();
};

/** It was looked for and not found, nor found dead: perhaps it runs. */
const outOfReach = (): AdapterFailure =>
  adapterFailure("Nothing holds the agent's process, so nothing can be said to it.", {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Try again; when it stays so, stop and resume the session.",
    retryable: true,
  });

/** Whether there may be a process that nobody here has in hand: what is for it is not done then. */
export const isOutOfReach = <State>({ detached, over }: LineLife<State>): boolean =>
  detached === null && !over;

/** The process, for whoever has something to say to it. Throws an AdapterFailure when it is out of reach. */
export const inHand = <State>({ detached }: LineLife<State>): Detached => {
  if (detached === null) throw outOfReach();
  return detached;
};

/** Writes one line. Rejects with an AdapterFailure when the process is dead or out of reach: it has not been sent. */
export const say = async <State>(life: LineLife<State>, line: string): Promise<void> =>
  inHand(life).write(line);
