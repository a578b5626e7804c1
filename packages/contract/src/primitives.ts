/** Shapes that every resource uses. */
import { z } from "zod";
import { LIMITS } from "./limits.ts";

const id = (prefix: string, what: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-z]{26}$`))
    .describe(`${what} id: ${prefix}_ and 26 lower-case base32 characters, ordered by creation`);

export const SessionId = id("ses", "Session");
export const ApprovalId = id("apr", "Approval");
export const TurnId = id("trn", "Turn");
export const PromptId = id("prm", "Prompt");
export const TokenId = id("tok", "Token");
export const TerminalId = id("trm", "Terminal");

/** An instant, ISO 8601 in UTC with milliseconds. */
export const Instant = z.iso.datetime().describe("ISO 8601, UTC");

/** A position in the global log: dense, from 1, the cursor of watchers. 0 is before the first event. */
export const Position = z
  .int()
  .min(0)
  .describe("Position in the global event log; 0 is before the first event");

/** Lower-case letters, digits and hyphens; what a person types instead of an id. */
export const SessionName = z
  .string()
  .max(LIMITS.nameChars)
  .regex(
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/,
    "use lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
  );

/** A session by id or by name. */
export const SessionRef = z.string().min(1).max(128).describe("A session's id or its name");

/** A program, or one of its arguments. */
export const Argument = z
  .string()
  .min(1)
  .max(LIMITS.argumentChars)
  .refine((word) => !word.includes("\0"), "no argument can hold a NUL character");

/** What the caller chooses so that a repeated command is answered with the first one's receipt. */
export const ClientId = z
  .string()
  .regex(
    /^[A-Za-z0-9._:-]{1,128}$/,
    "use 1 to 128 letters, digits, dots, colons, hyphens or underscores",
  )
  .describe(
    "Chosen by the caller: the same command sent again with the same clientId gets the first one's receipt",
  );

export const Page = {
  limit: z.int().min(1).max(LIMITS.pageMax).default(LIMITS.pageDefault),
  cursor: z.string().max(256).optional().describe("What the previous page gave as `next`"),
};

export const next = z
  .string()
  .nullable()
  .describe("Cursor of the next page; null when this is the last");
