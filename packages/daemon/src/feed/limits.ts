/**
 * What keeps one watcher from harming the rest. Times are milliseconds. Bytes are counted as characters of the encoded text,
 * which for ASCII is the same: counting more exactly would mean to encode every event a second time.
 */
import { LIMITS } from "@skein/contract";

export type FeedLimits = {
  /** What may wait for one watcher before it is told that it lags. */
  readonly queueBytes: number;
  readonly queueEvents: number;
  /** A frame ends when it is longer than this; a single event may make it longer. */
  readonly frameBytes: number;
  /** Most events read from the store at once for one watcher that catches up. */
  readonly pageEvents: number;
  /** How long the feed may hold the loop: in the turn of a publish, in a turn of its own, and for those that catch up. */
  readonly publishMs: number;
  readonly sliceMs: number;
  readonly catchUpMs: number;
  readonly deltaCoalesceMs: number;
  /** Live words that may wait; past it they go out at once. */
  readonly deltaBytes: number;
};

export const FEED_LIMITS: FeedLimits = {
  queueBytes: LIMITS.watchQueueBytes,
  queueEvents: LIMITS.watchQueueEvents,
  frameBytes: 256 * 1024,
  pageEvents: 512,
  publishMs: 2,
  sliceMs: 8,
  catchUpMs: 4,
  deltaCoalesceMs: LIMITS.deltaCoalesceMs,
  deltaBytes: 256 * 1024,
};

/** Time as the feed needs it. */
export type FeedClock = {
  /** Milliseconds that never go backwards. */
  monotonic(): number;
  /** Calls once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
};
