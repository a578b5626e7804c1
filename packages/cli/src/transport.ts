/**
 * HTTP over the unix socket, or over TCP with a token. It carries; it knows no operations.
 *
 * Rejects with `Unreachable` when no answer came: `sent` says whether the daemon may have got the request. Whoever
 * opens a stream closes it by leaving the loop or by the signal. A slow reader slows the socket, nothing is buffered here.
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Place } from "./place.ts";

export type Request = {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the answer's first byte; default: without end (a wait may take a day). */
  readonly timeoutMs?: number;
};

export type Answer = { readonly status: number; readonly text: string };
export type Stream = { readonly status: number; readonly chunks: AsyncIterable<Buffer> };

export type Transport = {
  request(request: Request): Promise<Answer>;
  open(request: Request): Promise<Stream>;
};

export type Unreachable = Error & {
  readonly unreachable: { readonly code: string; readonly sent: boolean };
};

export const isUnreachable = (error: unknown): error is Unreachable =>
  error instanceof Error && "unreachable" in error;

const unreachable = (cause: Error, sent: boolean): Unreachable =>
  Object.assign(new Error(cause.message), {
    unreachable: { code: (cause as NodeJS.ErrnoException).code ?? "UNKNOWN", sent },
  });

/** An answer larger than this is not the daemon's. */
const MOST_ANSWER_BYTES = 256 * 1024 * 1024;

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

const target = (place: Place): Target =>
  place.kind === "socket"
    ? { socketPath: place.socketPath, headers: { host: "localhost" } }
    : {
        hostname: place.url.hostname.replace(/^\[|\]$/g, ""),
        port: place.url.port,
        headers: { host: place.url.host, authorization: `Bearer ${place.token}` },
      };

const prefix = (place: Place): string =>
  place.kind === "url" ? place.url.pathname.replace(/\/$/, "") : "";

export const makeTransport = (place: Place): Transport => {
  const base = target(place);

  const send = (request: Request): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { body } = request;
      let sent = false;
      const going: ClientRequest = http(place).request(
        {
          ...base,
          method: request.method,
          path: prefix(place) + request.path,
          headers: {
            ...base.headers,
            accept: request.accept ?? "application/json",
            ...(body === undefined
              ? {}
              : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
          },
          agent: false,
          ...(request.signal === undefined ? {} : { signal: request.signal }),
          ...(request.timeoutMs === undefined ? {} : { timeout: request.timeoutMs }),
        },
        resolve,
      );
      going.on("socket", (socket) => {
        if (socket.connecting) socket.once("connect", () => (sent = true));
        else sent = true;
      });
      going.on("timeout", () => {
        going.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
      });
      going.on("error", (error) => reject(unreachable(error, sent)));
      going.end(body);
    });

  return {
    request: async (request) => {
      const response = await send(request);
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of bodyOf(response)) {
        bytes += chunk.length;
        if (bytes > MOST_ANSWER_BYTES) throw new Error("The answer is larger than 256 MiB.");
        chunks.push(chunk);
      }
      return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") };
    },
    open: async (request) => {
      const response = await send(request);
      return { status: response.statusCode ?? 0, chunks: bodyOf(response) };
    },
  };
};

/** The body as it comes. An answer that breaks off is `Unreachable`, not a short answer. */
async function* bodyOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (error) {
    throw unreachable(error as Error, true);
  }
  if (!response.complete) throw unreachable(new Error("the answer broke off"), true);
}
