/** The client of one terminal, without the contract's schemas: for programs that have no time to load them. */
export {
  connectTerminal,
  type TerminalConnection,
  type TerminalOptions,
} from "./terminal/connect-terminal.ts";
export type {
  Attached,
  TerminalEnd,
  TerminalEvents,
  TerminalSize,
  Typed,
} from "./terminal/events.ts";
export type {
  OpenTerminalSocket,
  TerminalSocketEvent,
  TerminalSocketLike,
} from "./terminal/socket-like.ts";
