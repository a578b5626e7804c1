/**
 * What one watcher saw of the whole log, over any number of daemons: it resumes where it was, and fails the test at the
 * first gap, duplicate or disorder. Everything that a scenario waits for, it waits for here.
 */
import type { Delta, EventData, EventTypeName, SkeinEvent, WatchFrame } from "@skein/contract";

export type Seen = SkeinEvent;

export type EventLog = {
  readonly events: readonly Seen[];
  readonly deltas: readonly Delta[];
  take(frame: WatchFrame): void;
  /** The first event at or after index `from` that passes, past or to come. */
  until(what: string, test: (event: Seen) => boolean, options?: Wait): Promise<Seen>;
  /** The first delta of a session, past or to come. */
  untilDelta(what: string, test: (delta: Delta) => boolean, options?: Wait): Promise<Delta>;
  /** The broken promises of the watch; empty when it kept them. */
  readonly faults: readonly string[];
  /** One more of them. */
  fail(fault: string): void;
  /** The newest events of a stream, a line each, for a person who asks why a test failed. */
  tell(stream: string): string;
};

type Wait = { readonly from?: number; readonly ms?: number };

const PATIENCE_MS = 20_000;
const TOLD = 30;

export const dataOf = <T extends EventTypeName>(event: Seen, type: T): EventData<T> | null =>
  event.type === type ? (event.data as EventData<T>) : null;

const told = (event: Seen): string =>
  `  ${event.position} ${event.stream.slice(-6)} #${event.seq} ${event.type} ${JSON.stringify(event.data).slice(0, 400)}`;

type Waiter = { readonly look: () => void; readonly fail: (error: Error) => void };

/** `patienceMs`: so long it waits for what a step does not give a time of its own. */
export const makeEventLog = (patienceMs: number = PATIENCE_MS): EventLog => {
  const events: Seen[] = [];
  const deltas: Delta[] = [];
  const faults: string[] = [];
  const seqs = new Map<string, number>();
  const waiters = new Set<Waiter>();

  const add = (event: Seen): void => {
    const last = events.at(-1)?.position ?? 0;
    if (event.position !== last + 1) faults.push(`position ${event.position} came after ${last}`);
    const before = seqs.get(event.stream) ?? 0;
    if (event.seq !== before + 1)
      faults.push(`seq ${event.seq} of ${event.stream} came after ${before}`);
    seqs.set(event.stream, event.seq);
    events.push(event);
  };

  const wait = <T>(
    what: string,
    find: () => T | undefined,
    ms: number = patienceMs,
  ): Promise<T> => {
    const found = find();
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        waiters.delete(waiter);
        clearTimeout(timer);
      };
      const waiter: Waiter = {
        look: () => {
          const value = find();
          if (value === undefined) return;
          end();
          resolve(value);
        },
        fail: (error) => {
          end();
          reject(error);
        },
      };
      const late = (): void => waiter.fail(new Error(`not within ${ms} ms: ${what}`));
      const timer = setTimeout(late, ms);
      waiters.add(waiter);
    });
  };

  return {
    events,
    deltas,
    faults,
    fail: (fault) => void faults.push(fault),
    take: (frame) => {
      if (frame.frame === "events") frame.events.forEach(add);
      if (frame.frame === "deltas") deltas.push(...frame.deltas);
      for (const waiter of waiters) waiter.look();
    },
    until: (what, test, { from = 0, ms } = {}) => {
      // Each event is tested once, however many come while it waits.
      let next = from;
      return wait(
        what,
        () => {
          while (next < events.length) {
            const event = events[next++]!;
            if (test(event)) return event;
          }
          return undefined;
        },
        ms,
      );
    },
    untilDelta: (what, test, { from = 0, ms } = {}) =>
      wait(what, () => deltas.slice(from).find(test), ms),
    tell: (stream) =>
      events
        .filter((event) => event.stream === stream)
        .slice(-TOLD)
        .map(told)
        .join("\n"),
  };
};
