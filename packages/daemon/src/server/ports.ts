/** What the server asks of the house. It knows the contract and these; no store, no adapter, no engine. */
import type {
  OperationName,
  Reach,
  Scope,
  TerminalAttach,
  TerminalCloseReason,
  TerminalServerFrame,
} from "@skein/contract";
import type { Watch, WatchRequest, WatchSink } from "../feed/ports.ts";

/** Who calls. Made by the guard, never by the caller. */
export type Caller = {
  /** A token's label, `local` for the unix socket, `browser` for a cookie: written into what they do. */
  readonly actor: string;
  readonly scopes: readonly Scope[];
  /** own: to it there are no sessions but those that were created with its token. */
  readonly sessions: Reach;
  /** The token that let them in, so that revoking it ends their connections; null for the unix socket. */
  readonly token: string | null;
};

/** What a token's hash stands for; null when there is none, it is revoked or has expired. */
export type Authenticate = (secretHash: string) => Promise<Caller | null>;

/** Runs an operation with input that the contract has parsed and a caller whose scope was checked. Rejects with a Refusal. */
export type Operate = (
  name: OperationName,
  input: unknown,
  caller: Caller,
  signal: AbortSignal,
) => Promise<unknown>;

/** Session references are resolved inside. Rejects with a Refusal. */
export type OpenWatch = (
  input: {
    readonly caller: Caller;
    readonly after: number | undefined;
    readonly filter: {
      sessions?: readonly string[] | undefined;
      types?: WatchRequest["types"];
      live: boolean;
    };
  },
  sink: WatchSink,
) => Promise<Watch>;

/** Where a terminal's frames go. What is sent after `close` is nobody's. */
export type TerminalLine = {
  text(frame: TerminalServerFrame): void;
  /** `taken`: called once the frame's memory may be used again; perhaps never. */
  bytes(frame: Uint8Array, taken?: () => void): void;
  close(reason: TerminalCloseReason, message: string): void;
};

/** What one who is attached does. */
export type TerminalSeat = {
  ack(offset: number): void;
  resize(size: { readonly columns: number; readonly rows: number }): void;
  claim(): void;
  input(kind: "input" | "paste", seq: number, bytes: Uint8Array): void;
  /** It is gone. Safe to call twice. */
  left(): void;
};

/** Finds a terminal. Rejects with a Refusal; what it resolves with attaches a line, or gives null when too many are attached. */
export type OpenTerminal = (input: {
  readonly where: "terminal" | "session" | "task";
  readonly ref: string;
  readonly caller: Caller;
  readonly ask: TerminalAttach;
  readonly client: string;
  readonly mayType: boolean;
}) => Promise<(line: TerminalLine) => TerminalSeat | null>;

/** What the server lets the rest of the house do with it. */
export type Server = {
  /** `http://127.0.0.1:PORT`. */
  readonly address: string;
  readonly socketPath: string;
  /** Closes every live connection that came in with this token, within a second. */
  disconnect(token: string): void;
  /** A one-time link, good for LIMITS.loginCodeMs and one use. */
  loginLink(): { readonly url: string; readonly expiresAt: number };
  /** Stops accepting, gives open requests LIMITS.drainMs, closes all. */
  close(): Promise<void>;
};
