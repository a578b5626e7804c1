/** What kept an answer from coming. What the daemon itself refuses is a Refusal, not this. */

export type TransportReason =
  /** No connection came about. */
  | "unreachable"
  /** The connection ended before the answer; the daemon may have done what was asked. */
  | "broken"
  /** Something answered, but not Skein. */
  | "not-skein";

export type TransportFailure = Error & { readonly transport: TransportReason };

export const transportFailure = (
  transport: TransportReason,
  message: string,
  cause?: unknown,
): TransportFailure => Object.assign(new Error(message, { cause }), { transport });

export const isTransportFailure = (error: unknown): error is TransportFailure =>
  error instanceof Error && "transport" in error;
