/** Time, injected: so that tests turn the hands themselves. */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never go backwards; only differences mean anything. */
  monotonic(): number;
  /** Calls `run` once after `ms`; the returned function cancels it. Never keeps a process alive. */
  after(ms: number, run: () => void): () => void;
};
