/**
 * A daemon that takes a request and is then not heard of (stopped, stuck, out of descriptors): while its answer is waited for,
 * its health is asked for. An answer may take a day; that nobody is there is known within seconds.
 */
import { pause } from "@skein/client/light";

export type Silence = {
  /** Between two questions. */
  readonly everyMs: number;
  /** false: nothing answered. */
  readonly answers: () => Promise<boolean>;
  /** Nothing answered so many times in a row. */
  readonly silent: (times: number) => void;
};

/** Asks until `act` has come to its end. */
export const heeding = async <T>(
  { everyMs, answers, silent }: Silence,
  act: () => Promise<T>,
): Promise<T> => {
  const over = new AbortController();
  const ask = async (): Promise<void> => {
    let times = 0;
    for (;;) {
      await pause(everyMs, over.signal);
      if (over.signal.aborted) return;
      times = (await answers()) ? 0 : times + 1;
      if (times > 0 && !over.signal.aborted) silent(times);
    }
  };
  // What it cannot ask any more nobody wants to know.
  ask().catch(() => undefined);
  try {
    return await act();
  } finally {
    over.abort();
  }
};
