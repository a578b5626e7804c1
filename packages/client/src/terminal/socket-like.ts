/** What a terminal's client needs of a WebSocket: the browser's, node's own and the package ws have it. */
import type { Problem } from "@skein/contract";

export type TerminalSocketEvent = {
  /** Text, or with `binaryType` "arraybuffer" the bytes. */
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  /** With `error`, where the surroundings can read the answer that refused the upgrade (a browser cannot). */
  readonly problem?: Problem;
};

export type TerminalSocketLike = {
  binaryType: string;
  addEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: TerminalSocketEvent) => void,
  ): void;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
};

/** `query`: to be put behind the path of the terminal, with its question mark. Opened anew for each attempt. */
export type OpenTerminalSocket = (query: string) => TerminalSocketLike;
