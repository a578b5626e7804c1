/** Answers given before (or instead of) routing: on a response, or on a bare socket that asked for an upgrade. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Problem } from "@skein/contract";
import type { Refused } from "./guard.ts";
import type { Entry } from "./admission.ts";
import { JSON_TYPE, SECURITY_HEADERS } from "./headers.ts";
import type { ServerClock } from "./settings.ts";

type Answer = {
  readonly status: number;
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
};

/** Sockets whose last answer is on its way: whatever else comes on them gets none. */
const ending = new WeakSet<Duplex>();

export const isEnding = (socket: Duplex): boolean => ending.has(socket);

const LINGER_MS = 1_000;
const LINGER_BYTES = 1_048_576;

/** An entry that was not granted, with the headers its status asks for. */
export const entryAnswer = (entry: Entry & { ok: false }): Answer => ({
  status: entry.status,
  problem: entry.problem,
  headers:
    entry.why === "locked"
      ? { "retry-after": String(Math.ceil(entry.retryAfterMs / 1000)) }
      : { "www-authenticate": 'Bearer realm="skein"' },
});

/**
 * Sends a refusal and closes the connection. A sender that is still busy with its body is heard out for a moment, so that
 * it reads the answer instead of a reset; it is not heard out for long, and nothing of it is kept.
 */
export const sendRefusal = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: Answer | Refused,
  clock: ServerClock,
): void => {
  ending.add(incoming.socket);
  const body = JSON.stringify({ error: answer.problem });
  outgoing.writeHead(answer.status, {
    ...SECURITY_HEADERS,
    ...answer.headers,
    "content-type": JSON_TYPE,
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  if (incoming.complete || incoming.destroyed) return void outgoing.end(body);
  outgoing.write(body);
  let heard = 0;
  const stop = (): void => {
    cancel();
    incoming.off("data", onData).off("end", stop).off("close", stop).off("error", stop);
    incoming.on("error", () => {});
    outgoing.end(() => incoming.socket.destroy());
  };
  const onData = (chunk: Buffer): void => {
    heard += chunk.length;
    if (heard > LINGER_BYTES) stop();
  };
  const cancel = clock.after(LINGER_MS, stop);
  incoming.on("data", onData).on("end", stop).on("close", stop).on("error", stop);
};

/** A plain HTTP answer on a socket whose request asked for an upgrade, or could not be read at all. */
export const refuseSocket = (socket: Duplex, answer: Answer | Refused): void => {
  const body = JSON.stringify({ error: answer.problem });
  const headers = {
    ...SECURITY_HEADERS,
    ...answer.headers,
    "content-type": JSON_TYPE,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}`;
  socket.end(`${head}\r\n${lines.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
};
