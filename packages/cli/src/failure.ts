/**
 * How a verb ends other than well. One sentence that says what happened, one that says what to do, a code to search
 * for; all three go to stderr, and `exit` is what the shell sees.
 */
import type { Problem } from "@skein/contract";

export const EXIT = {
  done: 0,
  refused: 1,
  usage: 2,
  /** `wait` and `ask`: someone has to decide before it goes on. */
  needsPerson: 3,
  timeout: 124,
  interrupted: 130,
  /** The daemon could not be reached, or the connection broke: nothing is known about the command's fate but what is said. */
  transport: 255,
} as const;

export type Failure = Error & {
  readonly failure: {
    readonly exit: number;
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
  };
};

export const fail = (exit: number, code: string, message: string, remedy: string): Failure =>
  Object.assign(new Error(message), { failure: { exit, code, message, remedy } });

export const isFailure = (error: unknown): error is Failure =>
  error instanceof Error && "failure" in error;

/** A refusal of the daemon, in its own words. Of a newer one the code may be unknown here; the client keeps it as a detail. */
export const refused = ({ code, message, remedy, details }: Problem): Failure => {
  const own = code === "internal" ? details?.["code"] : undefined;
  // A gateway answered, but no daemon: as if none had.
  const exit = code === "daemon_unreachable" ? EXIT.transport : EXIT.refused;
  return fail(exit, typeof own === "string" ? own : code, message, remedy);
};

/** The command line itself makes no sense. */
export const misused = (message: string, remedy: string): Failure =>
  fail(EXIT.usage, "usage", message, remedy);

/** Anything that was thrown, as a failure. What is not foreseen says so, and keeps its own words. */
export const toFailure = (error: unknown): Failure => {
  if (isFailure(error)) return error;
  if (error instanceof Error && "problem" in error) return refused(error.problem as Problem);
  const words = error instanceof Error ? error.message : String(error);
  return fail(
    EXIT.refused,
    "internal",
    `This should not have happened: ${words}`,
    "Run skein doctor; if it finds nothing, please report this sentence.",
  );
};
