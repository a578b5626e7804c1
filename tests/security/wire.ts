/** A client of the socket that says exactly what the test says, and remembers everything that comes. */
import { WebSocket } from "ws";

export type Frame = {
  readonly type: string;
  readonly id?: string;
  readonly event?: string;
  readonly ok?: boolean;
  readonly payload?: Record<string, unknown>;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly retryable?: boolean;
    readonly retryAfterMs?: number;
    readonly details?: Record<string, unknown>;
  };
};

export type Ended = { readonly code: number; readonly reason: string };

export type Wire = {
  readonly frames: Frame[];
  send(value: unknown): void;
  sendText(text: string | Buffer): void;
  /** The first frame, come or to come, that fits. Rejects when the socket ends before. */
  frame(fits: (frame: Frame) => boolean): Promise<Frame>;
  /** Sends a request and gives its answer. */
  call(method: string, params?: unknown): Promise<Frame>;
  readonly ended: Promise<Ended>;
  close(): void;
  readonly websocket: WebSocket;
};

export type Dialled = {
  readonly headers?: Record<string, string>;
  readonly unix?: string;
  readonly path?: string;
};

/** Resolves with the HTTP status when the upgrade was refused. */
export const dial = (
  port: number,
  { headers = {}, unix, path = "/" }: Dialled = {},
): Promise<Wire | number> =>
  new Promise((resolve, reject) => {
    const url = unix === undefined ? `ws://127.0.0.1:${port}${path}` : `ws+unix:${unix}:${path}`;
    const websocket = new WebSocket(url, { headers, perMessageDeflate: false });
    websocket.once("unexpected-response", (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    websocket.once("error", reject);
    const wire = listenTo(websocket);
    websocket.once("open", () => {
      websocket.off("error", reject);
      websocket.on("error", () => {});
      resolve(wire);
    });
  });

const listenTo = (websocket: WebSocket): Wire => {
  const frames: Frame[] = [];
  const waiting = new Set<{
    fits: (frame: Frame) => boolean;
    resolve: (frame: Frame) => void;
    reject: (error: Error) => void;
  }>();
  let sent = 0;
  const ended = new Promise<Ended>((resolve) => {
    websocket.once("close", (code, reason) => {
      for (const one of waiting)
        one.reject(new Error(`the socket ended: ${code} ${String(reason)}`));
      resolve({ code, reason: String(reason) });
    });
  });
  websocket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as Frame;
    frames.push(frame);
    for (const one of waiting) {
      if (!one.fits(frame)) continue;
      waiting.delete(one);
      one.resolve(frame);
    }
  });
  const wire: Wire = {
    frames,
    websocket,
    ended,
    send: (value) => websocket.send(JSON.stringify(value)),
    sendText: (text) => websocket.send(text),
    frame: (fits) =>
      new Promise((resolve, reject) => {
        const found = frames.find(fits);
        if (found !== undefined) return resolve(found);
        if (websocket.readyState === WebSocket.CLOSED)
          return reject(new Error("the socket has ended"));
        waiting.add({ fits, resolve, reject });
      }),
    call: (method, params) => {
      const id = `r${++sent}`;
      wire.send({ type: "req", id, method, ...(params === undefined ? {} : { params }) });
      return wire.frame((frame) => frame.type === "res" && frame.id === id);
    },
    close: () => websocket.close(),
  };
  return wire;
};

/** What the measured CLI sends, with what the test wants otherwise. */
export const connectParams = (token: string | undefined, change: object = {}) => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: "cli", version: "1", platform: "linux", mode: "cli" },
  ...(token === undefined ? {} : { auth: { token } }),
  ...change,
});

/** A socket past its handshake. */
export const dialIn = async (
  port: number,
  token: string | undefined,
  dialled: Dialled & { change?: object } = {},
): Promise<Wire> => {
  const wire = await dial(port, dialled);
  if (typeof wire === "number") throw new Error(`the upgrade was refused with ${wire}`);
  const answer = await wire.call("connect", connectParams(token, dialled.change));
  if (answer.ok !== true) throw new Error(`not let in: ${JSON.stringify(answer.error)}`);
  return wire;
};
