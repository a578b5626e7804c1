/**
 * Everything below /api goes to the daemon as it came, with the caller's token, and its answer comes back as it is: byte by
 * byte, so that a follower sees what happens when it happens. Whoever leaves on one side is left on the other.
 */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { Bodies } from "./body.ts";

/** What an operation's request needs; nothing else is passed on. The body goes on whole, so its length is ours to say. */
const PASSED_ON = ["content-type", "accept", "last-event-id"];
const PASSED_BACK = ["content-type", "content-length", "cache-control", "retry-after", "allow"];

const chosen = (
  headers: IncomingMessage["headers"],
  names: readonly string[],
): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );

/** Resolves when it is over. Rejects, with nothing answered, when the body is refused or the daemon cannot be reached. */
export const forward = async (
  { socketPath, bodies }: { readonly socketPath: string; readonly bodies: Bodies },
  token: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> => {
  // Whole, and in one go: a daemon that refuses early hangs up on who is still sending.
  const body = await bodies.bytesOf(incoming);
  return new Promise((resolve, reject) => {
    const going = httpRequest({
      socketPath,
      method: incoming.method,
      path: incoming.url,
      agent: false,
      headers: {
        ...chosen(incoming.headers, PASSED_ON),
        host: "localhost",
        authorization: `Bearer ${token}`,
        "content-length": body.length,
      },
    });
    outgoing.once("close", () => {
      going.destroy();
      resolve();
    });
    going.once("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, chosen(answer.headers, PASSED_BACK));
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      // An answer that breaks off must not look like one that is whole.
      answer.once("close", () => {
        if (!answer.complete) outgoing.destroy();
      });
      answer.once("error", () => outgoing.destroy());
    });
    going.on("error", (error) => {
      if (outgoing.headersSent) outgoing.destroy();
      else reject(error);
    });
    going.end(body);
  });
};
