/**
 * The client over the socket: one connection for all calls and watches, opened when it is needed and again when it broke.
 * A call that was under way when it broke fails (who gave a clientId may send it again); a watch goes on by itself.
 */
import {
  isRefusal,
  type ConnectParams,
  type Input,
  type OperationName,
  type Output,
} from "@skein/contract";
import type { CallOptions, Client } from "../client.ts";
import { isTransportFailure, transportFailure } from "../failure.ts";
import { backOff, pause as realPause, type Pause } from "../pause.ts";
import { resuming, type OpenStream } from "../resume.ts";
import { openLink, type Link, type LinkOptions } from "./link.ts";
import type { OpenSocket, SocketLike } from "./socket-like.ts";

type ClientWords = ConnectParams["client"];

export type SocketOptions = {
  /** `ws://127.0.0.1:8765/`, or a function that makes a socket (a unix socket, a test's). */
  readonly socket: string | OpenSocket;
  readonly token?: string;
  /** Asked for; default: all that the token has. */
  readonly scopes?: readonly string[];
  /** Who connects, with its own version; the rest has defaults. */
  readonly client: Pick<ClientWords, "version"> & Partial<ClientWords>;
  readonly pause?: Pause;
  /** How often one call or watch tries to connect before it gives up; default 5 for a call. */
  readonly attempts?: number;
  readonly silenceMs?: number;
};

export type SocketClient = Client & {
  /** Ends the connection; calls and watches under way fail, later ones too. */
  close(): void;
};

const CALL_ATTEMPTS = 5;
const SILENCE_MS = 75_000;
const DEFAULT_CLIENT: Omit<ClientWords, "version"> = {
  id: "skein-client",
  platform: "any",
  mode: "backend",
};

const opener = (socket: string | OpenSocket): OpenSocket =>
  typeof socket === "string" ? () => new WebSocket(socket) as SocketLike : socket;

/** Aborting ends the waiting, not the request: the daemon may do what it was asked. */
const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
};

/** The one connection: shared by who asks for it, made anew when it has ended. */
const makeConnection = (options: SocketOptions) => {
  const open = opener(options.socket);
  const { token, scopes } = options;
  const linkOptions: LinkOptions = {
    client: { ...DEFAULT_CLIENT, ...options.client },
    silenceMs: options.silenceMs ?? SILENCE_MS,
    ...(token === undefined ? {} : { token }),
    ...(scopes === undefined ? {} : { scopes }),
  };
  let link: Link | null = null;
  let opening: Promise<Link> | null = null;
  let done = false;

  const connect = async (): Promise<Link> => {
    try {
      link = await openLink(open(), linkOptions);
    } catch (error) {
      // What a constructor throws is a wrong address; everything else is a failure already.
      throw isTransportFailure(error) || isRefusal(error)
        ? error
        : transportFailure("unreachable", "No socket could be opened.", error);
    }
    if (done) link.close();
    return link;
  };

  return {
    /** One attempt, shared. */
    once: (): Promise<Link> => {
      if (done) return Promise.reject(transportFailure("broken", "This client was closed."));
      if (link !== null && !link.closed) return Promise.resolve(link);
      opening ??= connect().finally(() => {
        opening = null;
      });
      return opening;
    },
    close: (): void => {
      done = true;
      link?.close();
    },
    get done() {
      return done;
    },
  };
};

export const connectSocket = (options: SocketOptions): SocketClient => {
  const pause = options.pause ?? realPause;
  const connection = makeConnection(options);

  /** Several attempts: nothing has been sent yet, so nothing can happen twice. */
  const connected = async (signal: AbortSignal | undefined): Promise<Link> => {
    const most = options.attempts ?? CALL_ATTEMPTS;
    for (let attempt = 1; ; attempt++) {
      try {
        return await unlessAborted(connection.once(), signal);
      } catch (error) {
        const away = isTransportFailure(error) && error.transport !== "not-skein";
        if (!away || connection.done || attempt >= most) throw error;
        await pause(backOff(attempt), signal);
        signal?.throwIfAborted();
      }
    }
  };

  const open: OpenStream = async function* (input, signal) {
    const link = await unlessAborted(connection.once(), signal);
    const { frames, end } = await link.watch(input);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    try {
      for await (const frame of frames) yield { frame, position: null };
    } finally {
      signal.removeEventListener("abort", end);
      end();
    }
  };

  return {
    call: async <N extends OperationName>(
      name: N,
      input: Input<N>,
      { signal }: CallOptions = {},
    ) => {
      signal?.throwIfAborted();
      const link = await connected(signal);
      return (await unlessAborted(link.request(name, input), signal)) as Output<N>;
    },
    watch: (input, { signal, lost } = {}) =>
      resuming(open, input, signal, {
        pause,
        ...(lost === undefined ? {} : { lost }),
        ...(options.attempts === undefined ? {} : { attempts: options.attempts }),
      }),
    close: connection.close,
  };
};
