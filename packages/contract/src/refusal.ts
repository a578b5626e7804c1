/** A refusal, as a value and as an exception. */
import { ERRORS, type ErrorCode } from "./errors.ts";
import type { Problem } from "./problem.ts";

/** Builds a refusal; `retryable` comes from the table, so that no caller can contradict it. */
export const problem = (
  code: ErrorCode,
  message: string,
  remedy: string,
  details?: Record<string, unknown>,
): Problem => ({
  code,
  message,
  remedy,
  retryable: ERRORS[code].retryable,
  ...(details === undefined ? {} : { details }),
});

/** The one way a refusal travels as an exception, between the operation that refuses and the surface that prints. */
export type Refusal = Error & { readonly problem: Problem };

export const refuse = (
  code: ErrorCode,
  message: string,
  remedy: string,
  details?: Record<string, unknown>,
): Refusal => asRefusal(problem(code, message, remedy, details));

export const asRefusal = (value: Problem): Refusal =>
  Object.assign(new Error(value.message), { problem: value });

export const isRefusal = (error: unknown): error is Refusal =>
  error instanceof Error && "problem" in error;
