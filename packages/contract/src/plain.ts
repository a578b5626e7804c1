/** What is wrong with an input, as a person would say it: given to every parse, in place of zod's own words. */
import type { z } from "zod";

const NOUNS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

const unitOf = (origin: string): string =>
  origin === "string" ? " characters" : origin === "array" ? " of them" : "";

type Issue = z.core.$ZodRawIssue;

/** undefined: zod's words stand. Those that the contract chose are not asked for here. */
const words = (issue: Issue): string | undefined => {
  switch (issue.code) {
    case "invalid_value":
      return `choose one of ${issue.values.map(String).join(", ")}`;
    case "invalid_type":
      return issue.input === undefined
        ? "it is missing"
        : `it must be ${NOUNS[issue.expected] ?? issue.expected}`;
    case "too_big":
      return `it may be ${String(issue.maximum)}${unitOf(issue.origin)} at most`;
    case "too_small":
      if (issue.origin === "string" && issue.minimum === 1) return "it must not be empty";
      return issue.inclusive === false
        ? `it must be more than ${String(issue.minimum)}${unitOf(issue.origin)}`
        : `it must be ${String(issue.minimum)}${unitOf(issue.origin)} at least`;
    default:
      return undefined;
  }
};

/** For `schema.safeParse(input, plainly)`. */
export const plainly = { error: words } as const;
