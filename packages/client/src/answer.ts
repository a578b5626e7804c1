/** What an answer holds: the operation's output, a Refusal in the daemon's own words, or neither. */
import type { ErrorCode, Problem } from "@skein/contract";
import { ERRORS, asRefusal, problem } from "@skein/contract/light";
import { transportFailure, type TransportFailure } from "./failure.ts";
import type { TransportResponse } from "./transport.ts";

/** Larger than any answer of the daemon. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Rejects when the answer breaks off. */
export const textOf = async ({ body }: TransportResponse): Promise<string> => {
  if (typeof body === "string") return body;
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error("the answer has no end");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** A problem of a newer daemon may have a code that this client does not know: its words count then. */
const problemIn = (value: unknown): Problem | null => {
  const found = (value as { error?: unknown } | null | undefined)?.error;
  const { code, message, remedy, details } = (found ?? {}) as Record<string, unknown>;
  if (typeof code !== "string" || typeof message !== "string") return null;
  const words = [message, typeof remedy === "string" ? remedy : ""] as const;
  return Object.hasOwn(ERRORS, code)
    ? problem(code as ErrorCode, ...words, asDetails(details))
    : problem("internal", ...words, { code });
};

const asDetails = (value: unknown): Problem["details"] =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;

const notSkein = (status: number): TransportFailure =>
  transportFailure("not-skein", `What answers there is not Skein: it said ${status}.`);

/** The output; throws a Refusal or a TransportFailure. */
export const outputOf = (status: number, text: string): unknown => {
  const value = parsed(text);
  if (status >= 200 && status < 300 && value !== undefined) return value;
  const found = problemIn(value);
  throw found === null ? notSkein(status) : asRefusal(found);
};
