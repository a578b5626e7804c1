/** Frames of one watch on one socket, between the socket that brings them and the loop that takes them. */
import type { WatchFrame } from "@skein/contract";

export type FrameQueue = {
  /** false: the reader is too far behind; nothing more is taken. */
  put(frame: WatchFrame): boolean;
  /** What waits is still given out; then the reading ends, with the error if there is one. */
  end(error?: Error): void;
  frames(): AsyncGenerator<WatchFrame>;
};

/** A reader that is further behind resumes from where it is, over the daemon's log, when it has caught up. */
const MAX_WAITING = 4_096;

export const makeFrameQueue = (): FrameQueue => {
  let waiting: WatchFrame[] = [];
  let ended: { readonly error: Error | undefined } | null = null;
  let wake = (): void => {};
  return {
    put: (frame) => {
      if (ended !== null) return true;
      if (waiting.length >= MAX_WAITING) {
        ended = { error: undefined };
        return false;
      }
      waiting.push(frame);
      wake();
      return true;
    },
    end: (error) => {
      ended ??= { error };
      wake();
    },
    async *frames() {
      for (;;) {
        const now = waiting;
        waiting = [];
        yield* now;
        if (waiting.length > 0) continue;
        if (ended !== null) {
          if (ended.error !== undefined) throw ended.error;
          return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
};
