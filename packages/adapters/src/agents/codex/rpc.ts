/** One WebSocket to an app-server: calls and their answers, everything else handed on in order. */
import WebSocket from "ws";
import { adapterFailure, type AdapterFailure, type Clock } from "@skein/sdk";
import {
  initializeParams,
  parseFrame,
  type Notification,
  type RequestId,
  type RpcError,
  type ServerRequest,
} from "./wire.ts";

const maxFrameBytes = 256 * 1024 * 1024;

/** The server refused a call. Its text is the vendor's. */
export type RpcFailure = Error & { readonly rpc: RpcError };
export const isRpcFailure = (error: unknown): error is RpcFailure =>
  error instanceof Error && "rpc" in error;

const rpcFailure = (method: string, rpc: RpcError): RpcFailure =>
  Object.assign(new Error(`Codex refused ${method}: ${rpc.message}`), { rpc });

export const unreachable = (what: string): AdapterFailure =>
  adapterFailure(what, {
    kind: "unavailable",
    code: "backend_unavailable",
    remedy: "Try again; when it stays so, stop and resume the session.",
    retryable: true,
  });

export type CallOptions = {
  readonly timeoutMs: number;
  /** Runs as the answer is read, before any word that came after it. */
  readonly onResult?: (result: unknown) => void;
};

export type Rpc = {
  /** Rejects with an RpcFailure when refused, with an AdapterFailure when the connection is lost or the time over. */
  call(method: string, params: unknown, options: CallOptions): Promise<unknown>;
  /** Throws an AdapterFailure when there is no connection: it has not been sent. */
  respond(id: RequestId, result: unknown): void;
  /** As `respond`. */
  refuse(id: RequestId, error: RpcError): void;
  pause(): void;
  resume(): void;
  close(): void;
  /** Resolves once, when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
};

export type Hearer = {
  notification(word: Notification): void;
  request(request: ServerRequest): void;
};

type Waiting = {
  readonly method: string;
  readonly options: CallOptions;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly stop: () => void;
};

const makeCalls = (clock: Clock, send: (frame: unknown) => void) => {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  const take = (id: RequestId): Waiting | undefined => {
    const found = waiting.get(Number(id));
    waiting.delete(Number(id));
    found?.stop();
    return found;
  };
  return {
    call: (method: string, params: unknown, options: CallOptions): Promise<unknown> => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const id = (last += 1);
      const stop = clock.after(options.timeoutMs, () => {
        waiting.delete(id);
        reject(unreachable(`Codex did not answer ${method} within ${options.timeoutMs} ms.`));
      });
      waiting.set(id, { method, options, resolve, reject, stop });
      try {
        send({ method, id, params });
      } catch (error) {
        take(id);
        throw error;
      }
      return promise;
    },
    answered: (id: RequestId, result: unknown): void => {
      const found = take(id);
      found?.options.onResult?.(result);
      found?.resolve(result);
    },
    refused: (id: RequestId, error: RpcError): void => {
      const found = take(id);
      found?.reject(rpcFailure(found.method, error));
    },
    lost: (): void => {
      for (const id of waiting.keys())
        take(id)?.reject(unreachable("The connection to Codex's app-server was lost."));
    },
  };
};

/**
 * Connects and shakes hands; rejects when the socket is not there or the server does not answer in time. Words that come
 * before the answer to `initialize` (a configuration warning) are heard too.
 */
export const connect = async (
  socket: string,
  deps: {
    readonly clock: Clock;
    readonly hearer: Hearer;
    readonly timeoutMs: number;
    readonly version: string;
  },
): Promise<Rpc> => {
  const ws = new WebSocket(`ws+unix://${socket}:/`, {
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    handshakeTimeout: deps.timeoutMs,
  });
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const send = (frame: unknown): void => {
    if (ws.readyState !== WebSocket.OPEN)
      throw unreachable("There is no connection to Codex's app-server.");
    ws.send(JSON.stringify(frame));
  };
  const calls = makeCalls(deps.clock, send);
  ws.on("open", () => opened.resolve());
  ws.on("error", (error) => opened.reject(error));
  ws.on("close", () => {
    opened.reject(unreachable("Codex's app-server hung up."));
    calls.lost();
    closed.resolve();
  });
  ws.on("message", (data: Buffer) => {
    const frame = parseFrame(data.toString("utf8"));
    if (frame?.frame === "result") calls.answered(frame.id, frame.result);
    else if (frame?.frame === "error") calls.refused(frame.id, frame.error);
    else if (frame?.frame === "request") deps.hearer.request(frame.request);
    else if (frame?.frame === "notification") deps.hearer.notification(frame.notification);
  });
  await opened.promise;
  try {
    await calls.call("initialize", initializeParams(deps.version), { timeoutMs: deps.timeoutMs });
  } catch (error) {
    ws.terminate();
    throw error;
  }
  // Rejects when it hung up meanwhile.
  send({ method: "initialized" });
  return {
    call: async (method, params, options) => calls.call(method, params, options),
    respond: (id, result) => send({ id, result }),
    refuse: (id, error) => send({ id, error }),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    close: () => ws.terminate(),
    closed: closed.promise,
  };
};
