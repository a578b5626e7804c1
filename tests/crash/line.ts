/** One client on the daemon's unix socket, speaking the gateway's frames: small enough to be cut at any moment. */
import { join } from "node:path";
import {
  GATEWAY_PROTOCOL,
  WATCH_EVENT,
  type Input,
  type OperationName,
  type Output,
  type WatchFrame,
} from "@skein/contract";
import { WebSocket } from "ws";

/** The daemon refused: it is alive and said why. */
type Refused = Error & { readonly code: string };
export const isRefused = (error: unknown): error is Refused =>
  error instanceof Error && "code" in error && "refused" in error;

/** The line broke: whether it was done is not known. */
export type Broken = Error & { readonly broken: true };
export const isBroken = (error: unknown): error is Broken =>
  error instanceof Error && "broken" in error;

const broken = (): Broken =>
  Object.assign(new Error("The line is broken."), { broken: true as const });

export type Line = {
  /** Rejects with Refused or Broken. */
  call<K extends OperationName>(method: K, params: Input<K>): Promise<Output<K>>;
  /** Frames come in order, the first one after the promise's resolution is possible but not promised: `take` may run before. */
  watch(params: Input<"events.watch">, take: (frame: WatchFrame) => void): Promise<void>;
  /** Cuts it, as a lost network would. */
  cut(): void;
  readonly broken: Promise<void>;
};

type Answer = {
  readonly type: "res";
  readonly id: string;
  readonly ok: boolean;
  readonly payload?: unknown;
  readonly error?: { code: string; message: string; details?: { code?: string } };
};
type Told = { readonly type: "event"; readonly event: string; readonly payload?: unknown };

type Pending = {
  readonly resolve: (payload: unknown) => void;
  readonly reject: (error: Error) => void;
};

const refusedBy = ({ error }: Answer): Refused =>
  Object.assign(new Error(error?.message ?? "refused"), {
    code: error?.details?.code ?? error?.code ?? "?",
    refused: true,
  });

const hello = {
  minProtocol: GATEWAY_PROTOCOL,
  maxProtocol: GATEWAY_PROTOCOL,
  client: { id: "test", version: "1", platform: "linux", mode: "test" },
};

/** Resolves when the daemon has let us in; rejects with Broken when nobody is there. */
export const openLine = async (home: string): Promise<Line> => {
  const socket = new WebSocket(`ws+unix://${join(home, "run", "skein.sock")}:/`);
  const pending = new Map<string, Pending>();
  const takers = new Map<string, (frame: WatchFrame) => void>();
  const gone = Promise.withResolvers<void>();
  let calls = 0;

  const request = (method: string, params: unknown, settle: Pending): void => {
    if (socket.readyState !== WebSocket.OPEN) return settle.reject(broken());
    const id = String(++calls);
    pending.set(id, settle);
    socket.send(JSON.stringify({ type: "req", id, method, params }));
  };
  const ask = <T>(
    method: string,
    params: unknown,
    now: (payload: T) => void = () => {},
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const done = (payload: unknown): void => {
        // At once, in the order of the frames: what comes right behind the answer must find its taker.
        now(payload as T);
        resolve(payload as T);
      };
      request(method, params, { resolve: done, reject });
    });

  const challenged = Promise.withResolvers<void>();
  const told = ({ event, payload }: Told): void => {
    if (event === "connect.challenge") challenged.resolve();
    if (event !== WATCH_EVENT) return;
    const { watch, ...frame } = payload as { watch: string } & WatchFrame;
    takers.get(watch)?.(frame as WatchFrame);
  };
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Answer | Told;
    if (message.type === "event") return told(message);
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (message.ok) waiting?.resolve(message.payload);
    else waiting?.reject(refusedBy(message));
  });
  // Whatever broke it, `close` comes after.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    for (const { reject } of pending.values()) reject(broken());
    pending.clear();
    takers.clear();
    challenged.reject(broken());
    gone.resolve();
  });

  await challenged.promise;
  await ask("connect", hello);
  return {
    call: (method, params) => ask(method, params),
    watch: async (params, take) => {
      await ask<{ watch: string }>("events.watch", params, ({ watch }) => takers.set(watch, take));
    },
    cut: () => {
      takers.clear();
      socket.terminate();
    },
    broken: gone.promise,
  };
};
