/**
 * A query as input of an operation, driven by the operation's own schema: numbers and booleans are read as such, a
 * repeated key is an array, an object is JSON. What the schema does not know is refused, not ignored.
 */
import { z } from "zod";

type QueryInput =
  | { readonly ok: true; readonly input: Record<string, unknown> }
  | { readonly ok: false; readonly fault: string };

type Reader = (values: readonly string[]) => unknown;

class Unreadable extends Error {}

const inner = (schema: z.core.$ZodType): z.core.$ZodType =>
  schema instanceof z.core.$ZodOptional ||
  schema instanceof z.core.$ZodDefault ||
  schema instanceof z.core.$ZodNullable
    ? inner(schema._zod.def.innerType)
    : schema;

const number = (text: string): number => {
  if (!/^-?\d{1,16}(?:\.\d{1,16})?$/.test(text)) throw new Unreadable("is not a number");
  return Number(text);
};

const boolean = (text: string): boolean => {
  if (text !== "true" && text !== "false") throw new Unreadable("is neither true nor false");
  return text === "true";
};

const json = (text: string): unknown => {
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (key === "__proto__") throw new Unreadable("has a key __proto__");
      return value;
    });
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable("is not JSON");
  }
};

const one = (schema: z.core.$ZodType): ((text: string) => unknown) => {
  const bare = inner(schema);
  if (bare instanceof z.core.$ZodNumber) return number;
  if (bare instanceof z.core.$ZodBoolean) return boolean;
  if (bare instanceof z.core.$ZodObject) return json;
  return (text) => text;
};

const reader = (schema: z.core.$ZodType): Reader => {
  const bare = inner(schema);
  if (bare instanceof z.core.$ZodArray) {
    const element = one(bare._zod.def.element);
    return (values) => values.map(element);
  }
  const read = one(bare);
  return (values) => {
    if (values.length > 1) throw new Unreadable("came more than once");
    return read(values[0] ?? "");
  };
};

export type ReadQuery = (query: URLSearchParams) => QueryInput;

/** Made once for each operation. `without`: names that the path carries. */
export const makeReadQuery = (input: z.ZodType, without: readonly string[]): ReadQuery => {
  const readers = new Map<string, Reader>();
  if (input instanceof z.ZodObject) {
    for (const [name, schema] of Object.entries(input.shape as z.core.$ZodShape)) {
      if (!without.includes(name)) readers.set(name, reader(schema));
    }
  }
  return (query) => {
    const result: Record<string, unknown> = {};
    for (const name of new Set(query.keys())) {
      const read = readers.get(name);
      if (read === undefined) return { ok: false, fault: `${name}: there is no such parameter` };
      try {
        result[name] = read(query.getAll(name));
      } catch (error) {
        if (error instanceof Unreadable) return { ok: false, fault: `${name}: ${error.message}` };
        throw error;
      }
    }
    return { ok: true, input: result };
  };
};
