/**
 * A watch that outlives its connections: it is taken up again after the last position seen, so that its reader sees every event
 * once, in order. `lagged`, `going-away` and cuts are dealt with here and never come out; after each of them comes another
 * `caught-up`.
 */
import type { Input, WatchFrame } from "@skein/contract";
import { isRefusal } from "@skein/contract/light";
import { isTransportFailure, transportFailure, type TransportFailure } from "./failure.ts";
import { ATTEMPTS, backOff, type Pause } from "./pause.ts";

/** A frame, and the position up to which everything has been seen with it; null when the frame does not tell. */
type Placed = { readonly frame: WatchFrame; readonly position: number | null };

/** One connection's share of a watch. Throws a Refusal or a TransportFailure. */
export type OpenStream = (
  input: Input<"events.watch">,
  signal: AbortSignal,
) => AsyncIterable<Placed>;

type Resuming = {
  readonly pause: Pause;
  /** Attempts in a row without a frame before it gives up; default ATTEMPTS. */
  readonly attempts?: number;
  /** Told of each failure of a connection that is followed by another attempt. */
  readonly lost?: (failure: TransportFailure) => void;
};

/** Where to go on after a frame; null when the frame does not tell. */
const positionOf = (frame: WatchFrame): number | null => {
  switch (frame.frame) {
    case "snapshot":
    case "caught-up":
      return frame.position;
    case "events":
      return frame.events.at(-1)?.position ?? null;
    case "lagged":
    case "going-away":
      return frame.resumeFrom;
    case "deltas":
      return null;
  }
};

/** Worth another try: nothing answered, or the daemon says so itself. */
const passes = (error: unknown): boolean =>
  isTransportFailure(error)
    ? error.transport !== "not-skein"
    : isRefusal(error) && error.problem.retryable;

const later = (a: number | undefined, b: number | null): number | undefined =>
  b === null ? a : Math.max(a ?? 0, b);

/** Ends quietly when `signal` aborts; rejects when the daemon refuses, or stays away for too long. */
export async function* resuming(
  open: OpenStream,
  input: Input<"events.watch">,
  signal: AbortSignal | undefined,
  { pause, attempts = ATTEMPTS, lost }: Resuming,
): AsyncGenerator<WatchFrame> {
  let { after } = input;
  let failed = 0;
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  signal?.addEventListener("abort", leave, { once: true });
  if (signal?.aborted === true) leave();
  try {
    while (!leaving.signal.aborted) {
      let hasFailed = false;
      let cause: unknown = transportFailure("broken", "The connection to the daemon broke.");
      try {
        const from = after === undefined ? input : { ...input, after };
        for await (const { frame, position } of open(from, leaving.signal)) {
          failed = 0;
          after = later(after, position ?? positionOf(frame));
          if (frame.frame === "lagged" || frame.frame === "going-away") break;
          yield frame;
        }
      } catch (error) {
        if (leaving.signal.aborted) return;
        if (!passes(error)) throw error;
        cause = error;
        hasFailed = true;
      }
      failed += 1;
      if (failed > attempts) throw cause;
      if (hasFailed && isTransportFailure(cause)) lost?.(cause);
      await pause(backOff(failed), leaving.signal);
    }
  } finally {
    signal?.removeEventListener("abort", leave);
    leave();
  }
}
