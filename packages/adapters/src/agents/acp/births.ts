/** For agents that must not load a conversation in the minute in which it was begun. */
import type { Births } from "./life.ts";

const minuteMs = 60_000;
const kept = 1_000;
/** Its clock and ours are the same; its name for the minute is taken a moment later. */
const slackMs = 200;

const minute = (instant: number): number => Math.floor(instant / minuteMs);

/** One that an earlier daemon saw begin may have been begun just before this one came. */
export const makeBirths = (): Births => {
  const begun = new Map<string, number>();
  let since: number | null = null;
  return {
    note: (conversation, now) => {
      since ??= now;
      begun.set(conversation, now);
      const [oldest] = begun.keys();
      if (begun.size > kept && oldest !== undefined) begun.delete(oldest);
    },
    wait: (conversation, now) => {
      since ??= now;
      const born = begun.get(conversation) ?? since;
      return minute(born) === minute(now) ? (minute(now) + 1) * minuteMs - now + slackMs : 0;
    },
  };
};
