/** A log to read from, a clock whose hands the test turns, and watchers that write down what they get and can stop taking it. */
import { WatchFrame } from "@skein/contract";
import type { StoredEvent } from "../../engine/ports.ts";
import type { FeedClock } from "../limits.ts";
import type { EncodedFrame, FeedSource, WatchRequest, WatchSink } from "../ports.ts";

export const everything: WatchRequest = {
  after: undefined,
  sessions: undefined,
  types: undefined,
  live: true,
};

export type Log = FeedSource & {
  /** Records events, without telling anyone. */
  record(events: readonly { stream: string; type?: string; data?: string }[]): StoredEvent[];
  readonly all: readonly StoredEvent[];
};

export const makeLog = (): Log => {
  const all: StoredEvent[] = [];
  return {
    all,
    record(events) {
      const made = events.map(({ stream, type = "session.reported", data = "{}" }) => {
        const seq = all.filter((known) => known.stream === stream).length + 1;
        const event = { position: all.length + 1, stream, seq, at: 1_700_000_000_000, type, data };
        all.push(event);
        return event;
      });
      return made;
    },
    head: async () => all.length,
    events: async ({ after, stream, limit }) =>
      all
        .filter(
          (event) => event.position > after && (stream === undefined || event.stream === stream),
        )
        .slice(0, limit),
    snapshot: async () => ({ position: all.length, sessions: [], approvals: [], truncated: false }),
  };
};

/** Time stands still until it is turned on; `step` is what each look at it costs. */
export const makeClock = (step = 0) => {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  const clock: FeedClock & { turn(ms: number): void } = {
    monotonic() {
      now += step;
      return now;
    },
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((known) => known !== timer);
      };
    },
    turn(ms) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
  return clock;
};

export type Recorder = WatchSink & {
  readonly frames: EncodedFrame[];
  /** The frames as the contract reads them. */
  readonly seen: () => WatchFrame[];
  readonly positions: () => number[];
  readonly ended: () => boolean;
  /** Takes one more frame and says that it is full, until `open`. */
  stall(): void;
  open(): void;
};

export const makeRecorder = (): Recorder => {
  const frames: EncodedFrame[] = [];
  let full = false;
  let over = false;
  let waiting: (() => void) | null = null;
  const seen = () => frames.map(({ text }) => WatchFrame.parse(JSON.parse(text)));
  return {
    frames,
    seen,
    positions: () =>
      seen().flatMap((frame) =>
        frame.frame === "events" ? frame.events.map(({ position }) => position) : [],
      ),
    ended: () => over,
    send(frame) {
      if (over) throw new Error(`a frame after the end: ${frame.text}`);
      frames.push(frame);
      return !full;
    },
    ready(callback) {
      if (waiting !== null) throw new Error("asked twice to be told");
      waiting = callback;
    },
    end() {
      if (over) throw new Error("ended twice");
      over = true;
    },
    stall() {
      full = true;
    },
    open() {
      full = false;
      const callback = waiting;
      waiting = null;
      callback?.();
    },
  };
};

/** Lets the loop turn until something holds; fails when it never does. */
export const until = async (what: string, holds: () => boolean): Promise<void> => {
  for (let turns = 0; turns < 2_000; turns += 1) {
    if (holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`it never came: ${what}`);
};

export const caughtUp = (recorder: Recorder) => (): boolean =>
  recorder.frames.some(({ frame }) => frame === "caught-up");
