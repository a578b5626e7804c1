/** What the client needs of a WebSocket: the browser's, node's own and the package ws all have it. */

export type SocketEvent = {
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
};

export type SocketLike = {
  addEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: SocketEvent) => void,
  ): void;
  send(text: string): void;
  close(code?: number, reason?: string): void;
};

export type OpenSocket = () => SocketLike;
