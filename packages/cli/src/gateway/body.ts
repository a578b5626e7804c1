/** What came with a request, read whole. Rejects with a Refusal. */
import type { IncomingMessage } from "node:http";
import { LIMITS, refuse } from "@skein/contract";
import type { Fields } from "./shapes.ts";

/** Bytes of all requests that may wait at once to be passed on: who is not known yet cannot fill the memory. */
const MOST_HELD = 4 * LIMITS.httpBodyBytes;

export type Bodies = { readonly bytesOf: (incoming: IncomingMessage) => Promise<Buffer> };

/** One for each gateway. */
export const makeBodies = (): Bodies => {
  let held = 0;
  const admit = (bytes: number): void => {
    if (bytes > LIMITS.httpBodyBytes)
      throw refuse(
        "payload_too_large",
        "The body is too large.",
        `Send at most ${LIMITS.httpBodyBytes} bytes.`,
      );
    if (held > MOST_HELD)
      throw refuse("overloaded", "The gateway is sent too much at once.", "Try again in a moment.");
  };
  return {
    bytesOf: async (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      try {
        for await (const chunk of incoming as AsyncIterable<Buffer>) {
          bytes += chunk.length;
          held += chunk.length;
          admit(bytes);
          chunks.push(chunk);
        }
        return Buffer.concat(chunks);
      } finally {
        held -= bytes;
      }
    },
  };
};

export const fieldsOf = async (bodies: Bodies, incoming: IncomingMessage): Promise<Fields> => {
  if (!/^application\/json\b/i.test(incoming.headers["content-type"] ?? ""))
    throw refuse(
      "unsupported_media_type",
      "This route takes JSON only.",
      "Send the header content-type: application/json and a JSON object.",
    );
  const text = (await bodies.bytesOf(incoming)).toString("utf8");
  try {
    const value = JSON.parse(text === "" ? "{}" : text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Fields;
  } catch {
    // Said below.
  }
  throw refuse("invalid_input", "The body is no JSON object.", "Send an object, such as {}.");
};
