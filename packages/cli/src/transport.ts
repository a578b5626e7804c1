/**
 * HTTP over the unix socket, with a token if there is one, or over TCP with a token. It carries; it knows no operations.
 *
 * Rejects with a TransportFailure when no answer came: `broken` says that the daemon may have got the request, the cause
 * has the system's code. Whoever opens a stream closes it by leaving the loop or by the signal. A slow reader slows the
 * socket, nothing is buffered here.
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { transportFailure, type Transport, type TransportRequest } from "@skein/client/light";
import type { Place } from "./place.ts";

/** The system's word for what happened: ECONNREFUSED, ENOENT. */
export const codeOf = (failure: Error): string =>
  (failure.cause as NodeJS.ErrnoException | undefined)?.code ?? "UNKNOWN";

/**
 * Not by `import`: naming node:http in an ES module materialises all its exports, WebSocket and fetch's machinery
 * among them, which costs 20 ms of a 25 ms start (Node 26.10).
 */
const http = (place: Place) =>
  place.kind === "url" && place.url.protocol === "https:"
    ? process.getBuiltinModule("node:https")
    : process.getBuiltinModule("node:http");

type Target = Omit<RequestOptions, "headers"> & {
  readonly headers: Readonly<Record<string, string>>;
};

const bearer = ({ token }: Place): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

const target = (place: Place): Target =>
  place.kind === "socket"
    ? { socketPath: place.socketPath, headers: { host: "localhost", ...bearer(place) } }
    : {
        hostname: place.url.hostname.replace(/^\[|\]$/g, ""),
        port: place.url.port,
        headers: { host: place.url.host, ...bearer(place) },
      };

const prefix = (place: Place): string =>
  place.kind === "url" ? place.url.pathname.replace(/\/$/, "") : "";

export const makeTransport = (place: Place): Transport => {
  const base = target(place);
  return async (request) => {
    const response = await send(place, base, request);
    return { status: response.statusCode ?? 0, body: bodyOf(response) };
  };
};

const send = (
  place: Place,
  base: Target,
  { method, path, headers, body, signal }: TransportRequest,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    let sent = false;
    const going: ClientRequest = http(place).request(
      {
        ...base,
        method,
        path: prefix(place) + path,
        headers: {
          ...base.headers,
          ...headers,
          ...(body === null ? {} : { "content-length": Buffer.byteLength(body) }),
        },
        agent: false,
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    );
    going.on("socket", (socket) => {
      if (socket.connecting) socket.once("connect", () => (sent = true));
      else sent = true;
    });
    going.on("error", (error) =>
      reject(transportFailure(sent ? "broken" : "unreachable", error.message, error)),
    );
    going.end(body ?? undefined);
  });

/** The body as it comes. An answer that breaks off is a failure, not a short answer. */
async function* bodyOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk as Uint8Array;
  } catch (error) {
    throw transportFailure("broken", (error as Error).message, error);
  }
  if (!response.complete) throw transportFailure("broken", "the answer broke off");
}
