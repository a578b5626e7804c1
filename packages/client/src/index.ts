/** The typed client of Skein: call every operation of the contract, watch its events, in a browser or in node. */
export type { CallOptions, Client, WatchOptions } from "./client.ts";
export {
  isTransportFailure,
  transportFailure,
  type TransportFailure,
  type TransportReason,
} from "./failure.ts";
export { fetchTransport } from "./fetch-transport.ts";
export { allPages } from "./pages.ts";
export type { Pause } from "./pause.ts";
export type { OperationRequest } from "./request.ts";
export { makeClient, requestOf } from "./routes.ts";
export { connectSocket, type SocketClient, type SocketOptions } from "./socket/connect-socket.ts";
export type { OpenSocket, SocketEvent, SocketLike } from "./socket/socket-like.ts";
export * from "./terminal.ts";
export type { Transport, TransportRequest, TransportResponse } from "./transport.ts";
