/**
 * The door between the client and whatever carries its requests. A transport knows no operations: `fetchTransport` is one,
 * a function over a unix socket another.
 */
import type { HttpMethod } from "@skein/contract";

export type TransportRequest = {
  readonly method: HttpMethod;
  /** With its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Ends the request, and the reading of its answer. */
  readonly signal: AbortSignal | undefined;
};

export type TransportResponse = {
  readonly status: number;
  /** Whole, or as it comes; whoever stops reading early ends the request by its signal. */
  readonly body: string | AsyncIterable<Uint8Array>;
};

/** Rejects, with whatever it likes, when no answer came; the client makes a TransportFailure of it. */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;
