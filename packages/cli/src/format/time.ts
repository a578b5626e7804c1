/** Times and durations as people write and read them. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
};

/** `90` (seconds), `30m`, `72h`, `7d`, `2w`; undefined when it is none of these. */
export const parseDuration = (text: string): number | undefined => {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)([smhdw]?)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Math.round(Number(number) * (UNITS[unit === undefined || unit === "" ? "s" : unit] ?? 0));
};

/** The coarsest unit that says something: 45s, 12m, 3h, 9d. */
export const duration = (ms: number): string => {
  if (ms < MINUTE) return `${Math.max(Math.floor(ms / SECOND), 0)}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
};

export const since = (instant: string, now: number): string => duration(now - Date.parse(instant));

/** 2026-11-20 10:08:45, in UTC as everything that Skein prints. */
export const clock = (instant: string): string => instant.slice(0, 19).replace("T", " ");
