/** The gateway's frames, as bare as a client can be: the bench measures the daemon, not a client library. */
import { WebSocket } from "ws";

export type Wire = {
  readonly ws: WebSocket;
  request(method: string, params: object): Promise<unknown>;
  /** Frames that are no answers. */
  onEvent: (event: string, payload: unknown, bytes: number) => void;
  close(): void;
};

type Frame = {
  type: string;
  id?: string;
  ok?: boolean;
  payload?: unknown;
  error?: unknown;
  event?: string;
};

const connect = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: "test", version: "1", platform: "linux", mode: "test" },
  caps: [],
  role: "operator",
  scopes: ["operator.read", "operator.write"],
};

/** Over TCP with a token, as a remote client does. */
export const openWire = (address: string, token: string): Promise<Wire> =>
  new Promise((resolve, reject) => {
    const ws = new WebSocket(`${address.replace("http", "ws")}/`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });
    const waiting = new Map<
      string,
      { resolve: (value: unknown) => void; reject: (error: unknown) => void }
    >();
    let next = 0;
    const wire: Wire = {
      ws,
      onEvent: () => {},
      request: (method, params) =>
        new Promise((answered, refused) => {
          const id = String(next++);
          waiting.set(id, { resolve: answered, reject: refused });
          ws.send(JSON.stringify({ type: "req", id, method, params }));
        }),
      close: () => ws.close(),
    };
    ws.on("error", reject);
    ws.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString("utf8")) as Frame;
      if (frame.type === "res") {
        const one = waiting.get(frame.id!);
        waiting.delete(frame.id!);
        if (frame.ok === true) one?.resolve(frame.payload);
        else one?.reject(new Error(JSON.stringify(frame.error)));
      } else if (frame.event === "connect.challenge") {
        wire.request("connect", { ...connect, auth: { token } }).then(() => resolve(wire), reject);
      } else {
        wire.onEvent(frame.event!, frame.payload, data.length);
      }
    });
  });
