/** Structured log lines (JSON) into logs/daemon.log, rotated by size, secrets taken out before they are written. */
import { existsSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import pino from "pino";

type LogLevel = "debug" | "info" | "warn" | "error";
export type Log = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;

const MAX_BYTES = 10 * 1024 * 1024;
const KEPT = 5;
const CHECK_EVERY = 1_000;

/** Field names whose values are never written. */
const secretPaths = [
  "token",
  "secret",
  "authorization",
  "cookie",
  "password",
  "apiKey",
  "env",
].flatMap((name) => [name, `*.${name}`]);

const rotate = (file: string): void => {
  rmSync(`${file}.${KEPT}`, { force: true });
  for (let number = KEPT - 1; number >= 1; number--) {
    if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
  }
  renameSync(file, `${file}.1`);
};

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

type LogFile = { readonly log: Log; close(): void };

type Destination = ReturnType<typeof pino.destination>;

/**
 * Opened here and now: pino flushes at the exit of the process whatever is open, and throws where its own opening has not
 * come to an end. null: it cannot be opened, so lines are dropped.
 */
const openFile = (file: string): Destination | null => {
  try {
    const destination = pino.destination({ dest: openSync(file, "a", 0o600), sync: false });
    destination.on("error", () => {});
    return destination;
  } catch {
    return null;
  }
};

/**
 * Lines are written by the time `close` returns; a line that cannot be written is dropped, never an exception. So is one that
 * comes after `close`: the last words of an agent's driver must not end the daemon with a stack.
 */
export const openLog = (file: string, level: LogLevel): LogFile => {
  if (sizeOf(file) > MAX_BYTES) rotate(file);
  let destination = openFile(file);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: secretPaths, censor: "[redacted]" },
    },
    { write: (line) => void destination?.write(line) },
  );
  let lines = 0;
  const close = (): void => {
    try {
      destination?.flushSync();
      destination?.destroy();
    } catch {
      // The disk may be full or gone; there is nobody left to tell.
    }
    destination = null;
  };
  return {
    log: (at, message, fields = {}) => {
      logger[at](fields, message);
      if (++lines % CHECK_EVERY !== 0 || sizeOf(file) < MAX_BYTES) return;
      close();
      rotate(file);
      destination = openFile(file);
    },
    close,
  };
};
