/** Refusals and faults as problems, the same for every surface. */
import type { z } from "zod";
import { ERRORS, isRefusal, problem, type Problem } from "@skein/contract";
import type { Log } from "./log.ts";
import { printable } from "./log.ts";

const MAX_ISSUES = 8;

/** `/client/id: what is wrong`, `root: unexpected property 'foo'`: the words of gateway protocol 4. */
const issueText = (issue: z.core.$ZodIssue): string => {
  const at = issue.path.length === 0 ? "root" : `/${issue.path.map(String).join("/")}`;
  if (issue.code === "unrecognized_keys") {
    return `at ${at}: unexpected property ${issue.keys.map((key) => `'${printable(key)}'`).join(", ")}`;
  }
  return `at ${at}: ${issue.message}`;
};

export const issuesText = (error: z.core.$ZodError): string => {
  const all = error.issues.slice(0, MAX_ISSUES).map(issueText);
  return all.join("; ");
};

export const invalidInput = (operation: string, what: string): Problem =>
  problem(
    "invalid_input",
    `invalid ${operation} params: ${what}`,
    "Compare with the operation's schema in /openapi.json.",
  );

export const notFound = (): Problem =>
  problem("unknown_operation", "There is nothing at that path.", "See /openapi.json.");

export const shuttingDown = (): Problem =>
  problem("shutting_down", "The daemon is stopping.", "Try again in a few seconds.");

export const missingScope = (needed: string): Problem =>
  problem(
    "forbidden",
    `missing scope: ${needed}`,
    "Use a token that has it: `skein token create --scope`.",
    { missingScope: needed, requiredScopes: [needed] },
  );

/** Whatever an operation threw. A bug's own words stay in the log: they may hold what the caller must not see. */
export const problemOf = (error: unknown, stopping: boolean, what: string, log: Log): Problem => {
  if (isRefusal(error)) return error.problem;
  if (stopping) return shuttingDown();
  log.error(
    { operation: what, error: error instanceof Error ? error.stack : String(error) },
    "an operation broke",
  );
  return problem(
    "internal",
    "Something broke inside the daemon; nothing was half done.",
    "Look into the daemon's log, and report it with what stands there.",
  );
};

export const statusOf = (value: Problem): number => ERRORS[value.code].status;
