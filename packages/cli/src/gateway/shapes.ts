/** What came with a request of the short routes, looked at before anything is asked of the daemon. Throws a Refusal. */
import { refuse } from "@skein/contract";

export type Fields = Readonly<Record<string, unknown>>;

const wrong = (message: string) =>
  refuse("invalid_input", message, "See docs/sandbox.md for what each route takes.");

export const textOf = (fields: Fields, name: string): string | undefined => {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value === "")
    throw wrong(`${name} must be a text that is not empty.`);
  return value;
};

export const neededText = (fields: Fields, name: string): string => {
  const value = textOf(fields, name);
  if (value === undefined) throw wrong(`${name} is missing.`);
  return value;
};

/** A whole number of at least 1; in a query it comes as text. */
export const countOf = (fields: Fields, name: string, absent: number, most: number): number => {
  const value = fields[name];
  if (value === undefined) return absent;
  const count = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > most)
    throw wrong(`${name} must be a whole number from 1 to ${most}.`);
  return count;
};

/** No field is taken for granted: one that nobody reads is a mistake of who sent it. */
export const onlyThese = (fields: Fields, names: readonly string[]): void => {
  const odd = Object.keys(fields).find((name) => !names.includes(name));
  if (odd !== undefined)
    throw wrong(`${JSON.stringify(odd)} is not known here; known: ${names.join(", ")}.`);
};
