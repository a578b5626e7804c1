/** One socket, from its opening to its end: handshake, requests, watches. It does not come back; who wants that opens another. */
import {
  GATEWAY_PROTOCOL,
  HelloOk,
  WATCH_EVENT,
  asRefusal,
  type ConnectParams,
  type GatewayError,
  type Input,
  type WatchFrame,
} from "@skein/contract";
import { transportFailure } from "../failure.ts";
import { makeFrameQueue, type FrameQueue } from "./frames.ts";
import { problemOfGateway } from "./problem.ts";
import type { SocketLike } from "./socket-like.ts";

export type LinkOptions = {
  readonly client: ConnectParams["client"];
  readonly token?: string;
  readonly scopes?: readonly string[];
  /** Without a word for this long the socket is given up. */
  readonly silenceMs: number;
};

export type Link = {
  readonly hello: HelloOk;
  /** Rejects with a Refusal, or a TransportFailure when the socket ends first. */
  request(method: string, params: unknown): Promise<unknown>;
  /** Its frames until it or the socket ends. Whoever opened it calls `end`, always. */
  watch(
    input: Input<"events.watch">,
  ): Promise<{ readonly frames: AsyncIterable<WatchFrame>; end(): void }>;
  readonly closed: boolean;
  close(): void;
};

/** `onAnswer` is called in the same turn in which the answer came. */
type Ask = (
  method: string,
  params: unknown,
  onAnswer?: (payload: unknown) => void,
) => Promise<unknown>;

type Waiting = {
  onAnswer(payload: unknown): void;
  resolve(payload: unknown): void;
  reject(error: Error): void;
};

type Frame = {
  readonly type?: string;
  readonly id?: string;
  readonly event?: string;
  readonly ok?: boolean;
  readonly payload?: unknown;
  readonly error?: GatewayError;
};

const NORMAL = 1000;
/** OpenClaw's own clients close with this after a silence (protocol 4). */
const SILENT = 4000;

/** What the socket brings, sorted to those who wait for it. */
const makeTraffic = (socket: SocketLike) => {
  const requests = new Map<string, Waiting>();
  const watches = new Map<string, FrameQueue>();
  let ended: Error | null = null;
  let sent = 0;

  const ask: Ask = (method, params, onAnswer = () => {}) =>
    new Promise((resolve, reject) => {
      if (ended !== null) return reject(ended);
      const id = String(++sent);
      requests.set(id, { onAnswer, resolve, reject });
      socket.send(JSON.stringify({ type: "req", id, method, params }));
    });

  const unwatch = (watch: string): void => {
    // Whether it was still there does not matter.
    if (watches.delete(watch)) ask("events.unwatch", { watch }).catch(() => {});
  };

  const deliver = ({ watch, ...frame }: { watch: string } & WatchFrame): void => {
    const queue = watches.get(watch);
    if (queue === undefined) return;
    if (!queue.put(frame)) return unwatch(watch);
    if (frame.frame !== "lagged" && frame.frame !== "going-away") return;
    watches.delete(watch);
    queue.end();
  };

  const settle = (id: string, { ok, payload, error }: Frame): void => {
    const waiting = requests.get(id);
    if (waiting === undefined) return;
    requests.delete(id);
    if (ok !== true) {
      const said = error ?? { code: "UNAVAILABLE", message: "No reason was given." };
      return waiting.reject(asRefusal(problemOfGateway(said)));
    }
    waiting.onAnswer(payload);
    waiting.resolve(payload);
  };

  return {
    ask,
    unwatch,
    watches,
    receive: (frame: Frame): void => {
      if (frame.type === "res") settle(frame.id ?? "", frame);
      else if (frame.event === WATCH_EVENT) {
        deliver(frame.payload as { watch: string } & WatchFrame);
      }
    },
    end: (error: Error): void => {
      ended ??= error;
      for (const waiting of requests.values()) waiting.reject(error);
      for (const queue of watches.values()) queue.end(error);
      requests.clear();
      watches.clear();
    },
    get ended() {
      return ended !== null;
    },
  };
};

/** The answer that names a watch may be followed by its frames in the same turn: its queue is there before anyone awaits it. */
const watchOver =
  (traffic: ReturnType<typeof makeTraffic>): Link["watch"] =>
  async (input) => {
    const queue = makeFrameQueue();
    let name = "";
    await traffic.ask("events.watch", input, (payload) => {
      name = (payload as { watch: string }).watch;
      traffic.watches.set(name, queue);
    });
    return {
      frames: queue.frames(),
      end: () => {
        queue.end();
        traffic.unwatch(name);
      },
    };
  };

const connectParams = ({ client, token, scopes }: LinkOptions) => ({
  minProtocol: GATEWAY_PROTOCOL,
  maxProtocol: GATEWAY_PROTOCOL,
  client,
  role: "operator",
  ...(scopes === undefined ? {} : { scopes }),
  ...(token === undefined ? {} : { auth: { token } }),
});

const frameOf = (data: unknown): Frame | null => {
  try {
    return typeof data === "string" ? (JSON.parse(data) as Frame) : null;
  } catch {
    return null;
  }
};

/** Rejects with a Refusal (not let in) or a TransportFailure; the socket is closed then. */
export const openLink = (socket: SocketLike, options: LinkOptions): Promise<Link> =>
  new Promise((resolve, reject) => {
    const traffic = makeTraffic(socket);
    let opened = false;
    let heard = true;

    const end = (error: Error): void => {
      clearInterval(silence);
      traffic.end(error);
      reject(error);
    };
    const close = (code: number, reason: string): void => {
      end(transportFailure("broken", reason));
      socket.close(code, reason);
    };
    const silence = setInterval(() => {
      if (!heard) return close(SILENT, "nothing was heard");
      heard = false;
    }, options.silenceMs);

    const greet = async (): Promise<void> => {
      const answer = await traffic.ask("connect", connectParams(options));
      const hello = HelloOk.safeParse(answer);
      if (!hello.success) {
        throw transportFailure("not-skein", "What answers there does not speak protocol 4.");
      }
      resolve({
        hello: hello.data,
        request: (method, params) => traffic.ask(method, params),
        watch: watchOver(traffic),
        get closed() {
          return traffic.ended;
        },
        close: () => close(NORMAL, "the client is done"),
      });
    };

    socket.addEventListener("message", ({ data }) => {
      heard = true;
      const frame = frameOf(data);
      if (frame === null) {
        end(transportFailure("not-skein", "What answers there does not speak protocol 4."));
        return socket.close(NORMAL);
      }
      if (frame.event !== "connect.challenge" || opened) return traffic.receive(frame);
      opened = true;
      greet().catch((error: Error) => {
        end(error);
        socket.close(NORMAL);
      });
    });
    socket.addEventListener("close", () =>
      end(
        opened
          ? transportFailure("broken", "The connection to the daemon broke.")
          : transportFailure("unreachable", "No daemon answers."),
      ),
    );
    // A close event follows every error.
    socket.addEventListener("error", () => {});
  });
