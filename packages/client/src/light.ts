/**
 * The client for programs that have no time to load the contract's schemas: `@skein/contract` is imported here for its types
 * only, and whoever makes a client brings the routes. A test looks that zod is not loaded.
 */
export { outputOf, textOf } from "./answer.ts";
export {
  makeRoutedClient,
  type CallOptions,
  type Client,
  type ClientDeps,
  type WatchOptions,
} from "./client.ts";
export {
  isTransportFailure,
  transportFailure,
  type TransportFailure,
  type TransportReason,
} from "./failure.ts";
export { allPages } from "./pages.ts";
export { pause, type Pause } from "./pause.ts";
export type { OperationRequest, Route, Routes } from "./request.ts";
export type { Transport, TransportRequest, TransportResponse } from "./transport.ts";
