/** Reads a request's body: counted while it comes, never buffered beyond the limit, cut when it dawdles. */
import type { IncomingMessage } from "node:http";
import { problem } from "@skein/contract";
import { refused, type Refused } from "./guard.ts";
import type { Limits, ServerClock } from "./settings.ts";

type Body = { readonly ok: true; readonly bytes: Buffer } | Refused;

const tooLarge = (limit: number): Refused =>
  refused(413, "payload_too_large", "The body is too large.", `Send at most ${limit} bytes.`);

const tooSlow: Refused = {
  ok: false,
  status: 408,
  headers: {},
  problem: problem(
    "request_timeout",
    "The body did not arrive in time.",
    "Send the whole request without long pauses.",
  ),
};

const cutOff: Refused = refused(
  400,
  "invalid_input",
  "The request ended before its body did.",
  "Send as many bytes as content-length says.",
);

/**
 * Resolves in every case. A pause of httpHeaderTimeoutMs ends it, and so does httpRequestTimeoutMs in all. What
 * comes after a refusal is not kept.
 */
export const readBody = (
  incoming: IncomingMessage,
  limits: Limits,
  clock: ServerClock,
): Promise<Body> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let cancelPause = (): void => {};
    const settle = (body: Body): void => {
      cancelPause();
      cancelWhole();
      incoming.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      // Something must keep listening: an error without a listener would end the daemon.
      incoming.on("error", () => {});
      resolve(body);
    };
    const onPause = (): void => settle(tooSlow);
    const cancelWhole = clock.after(limits.httpRequestTimeoutMs, onPause);
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limits.httpBodyBytes) return settle(tooLarge(limits.httpBodyBytes));
      chunks.push(chunk);
      cancelPause();
      cancelPause = clock.after(limits.httpHeaderTimeoutMs, onPause);
    };
    const onEnd = (): void =>
      settle({
        ok: true,
        bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
      });
    const onClose = (): void => settle(cutOff);
    cancelPause = clock.after(limits.httpHeaderTimeoutMs, onPause);
    incoming.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
