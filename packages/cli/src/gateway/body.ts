/** What came with a request, read whole. Rejects with a Refusal. */
import type { IncomingMessage } from "node:http";
import { LIMITS, refuse } from "@skein/contract";
import type { Fields } from "./shapes.ts";

export const bytesOf = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LIMITS.httpBodyBytes)
      throw refuse(
        "payload_too_large",
        "The body is too large.",
        `Send at most ${LIMITS.httpBodyBytes} bytes.`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

export const fieldsOf = async (incoming: IncomingMessage): Promise<Fields> => {
  if (!/^application\/json\b/i.test(incoming.headers["content-type"] ?? ""))
    throw refuse(
      "unsupported_media_type",
      "This route takes JSON only.",
      "Send the header content-type: application/json and a JSON object.",
    );
  const text = (await bytesOf(incoming)).toString("utf8");
  try {
    const value = JSON.parse(text === "" ? "{}" : text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Fields;
  } catch {
    // Said below.
  }
  throw refuse("invalid_input", "The body is no JSON object.", "Send an object, such as {}.");
};
