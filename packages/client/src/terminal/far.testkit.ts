/** The daemon's end of a terminal's socket, and a client that notes what it is shown. */
import { decodeTerminalBytes, encodeTerminalBytes, problem } from "@skein/contract";
import {
  connectTerminal,
  type TerminalConnection,
  type TerminalOptions,
} from "./connect-terminal.ts";
import type { TerminalSocketEvent, TerminalSocketLike } from "./socket-like.ts";

/** The daemon's end of one socket. */
export type Far = {
  readonly query: URLSearchParams;
  readonly said: unknown[];
  say(frame: object): void;
  attached(more?: object): void;
  bytes(kind: "output" | "snapshot", number: number, text: string): void;
  refuse(code: "forbidden" | "overloaded"): void;
  drop(): void;
  closed: number | null;
};

const limits = { unackedBytes: 100, ackBytes: 10, inputBytes: 20, pasteBytes: 40 };

/** A daemon of the test's own: `on` is called for each socket that opens. */
export const server = (on: (far: Far, number: number) => void) => {
  const fars: Far[] = [];
  const open = (query: string): TerminalSocketLike => {
    const listeners = new Map<string, (event: TerminalSocketEvent) => void>();
    const emit = (type: string, event: TerminalSocketEvent = {}) => listeners.get(type)?.(event);
    const far: Far = {
      query: new URLSearchParams(query),
      said: [],
      closed: null,
      say: (frame) => emit("message", { data: JSON.stringify(frame) }),
      attached: (more = {}) =>
        far.say({
          type: "attached",
          stream: "one",
          offset: 0,
          how: "snapshot",
          columns: 80,
          rows: 24,
          title: "",
          readOnly: false,
          writer: null,
          inputSeq: 0,
          program: { state: "running" },
          limits,
          ...more,
        }),
      bytes: (kind, number, text) => {
        const { buffer } = encodeTerminalBytes({
          kind,
          number,
          bytes: new TextEncoder().encode(text),
        });
        emit("message", { data: buffer });
      },
      refuse: (code) => {
        emit("error", { problem: problem(code, "No.", "Do not.") });
        emit("close", { code: 1006 });
      },
      drop: () => emit("close", { code: 1006 }),
    };
    fars.push(far);
    queueMicrotask(() => {
      emit("open");
      on(far, fars.length);
    });
    return {
      binaryType: "",
      addEventListener: (type, listener) => void listeners.set(type, listener),
      send: (data) => {
        if (typeof data === "string") return void far.said.push(JSON.parse(data));
        const found = decodeTerminalBytes(data)!;
        far.said.push([found.kind, found.number, new TextDecoder().decode(found.bytes)]);
      },
      close: (code) => {
        far.closed = code ?? 1005;
        queueMicrotask(() => emit("close", { code: far.closed! }));
      },
    };
  };
  return { open, fars };
};

type Seen = {
  readonly terminal: TerminalConnection;
  readonly shown: string[];
  readonly lost: string[];
  /** Work that the reader has not done yet. */
  readonly todo: (() => void)[];
};

export const connect = (
  open: (query: string) => TerminalSocketLike,
  options: Partial<TerminalOptions> & { readonly lazy?: boolean } = {},
): Seen => {
  const shown: string[] = [];
  const lost: string[] = [];
  const todo: (() => void)[] = [];
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const work = (done: () => void): void => void (options.lazy === true ? todo.push(done) : done());
  const terminal = connectTerminal({
    socket: open,
    client: "me",
    pause: () => Promise.resolve(),
    ...options,
    on: {
      snapshot: (bytes, done) => {
        shown.push(`[${text(bytes)}]`);
        work(done);
      },
      output: (bytes, done) => {
        shown.push(text(bytes));
        work(done);
      },
      lost: ({ reason }) => lost.push(reason),
      ...options.on,
    },
  });
  return { terminal, shown, lost, todo };
};

/** Until everything that is ready has happened. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
