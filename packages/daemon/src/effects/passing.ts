/** What was refused for a reason that passes (a full disk, too much work) is tried again until it is taken. */
import { isRefusal } from "@skein/contract";
import { pause, type Clock } from "@skein/sdk";

const RETRY_MS = 500;

/** A daemon that stops does not come back: its next life does what was not done. */
const passes = (error: unknown): boolean =>
  isRefusal(error) && error.problem.retryable && error.problem.code !== "shutting_down";

/** Rejects with whatever does not pass; at the latest when the daemon stops. `waits` is told once for each time it was refused. */
export const untilTaken = async <T>(
  clock: Clock,
  waits: (reason: string) => void,
  act: () => Promise<T>,
): Promise<T> => {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!passes(error)) throw error;
      waits(String(error));
      await pause(clock, RETRY_MS);
    }
  }
};
