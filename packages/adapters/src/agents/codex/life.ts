/**
 * One life of an app-server, as this daemon sees it: the process, the connection that is made anew when it breaks, and
 * who hears which thread. Ends when the process does, or when let go.
 */
import type { BackendContext, Detached, Exit, Liveness, ProcessRef } from "@skein/sdk";
import { connectTo, lastWords, pause, type Place } from "./process.ts";
import { unreachable, type CallOptions, type Rpc } from "./rpc.ts";
import { threadOf, type Notification, type RequestId, type ServerRequest } from "./wire.ts";

export type Death = { readonly exit: Exit; readonly reason: string };

export type Listener = {
  notification(word: Notification): void;
  /** false: nobody here can answer it. */
  request(request: ServerRequest): boolean;
  /** There is a new connection, which has heard nothing of the thread yet. */
  back(): void;
  died(death: Death): void;
};

export type Life = {
  readonly ref: ProcessRef;
  /** As Rpc.call; while the connection is being made anew it rejects at once. */
  call(method: string, params: unknown, options?: Partial<CallOptions>): Promise<unknown>;
  respond(id: RequestId, result: unknown): void;
  listen(thread: string, listener: Listener): void;
  mute(thread: string, listener: Listener): void;
  /** A slow recorder holds up the reading; the server waits, then hangs up, and is read from the history. */
  pause(): void;
  resume(): void;
  liveness(): Promise<Liveness>;
  /** Ends the server and all it started. */
  end(): Promise<void>;
  /** The server goes on. */
  letGo(): Promise<void>;
  readonly died: Promise<Death>;
};

type Deps = {
  readonly backend: BackendContext;
  readonly place: Place;
  readonly process: Detached;
};

/** Threads that an agent began for a part of its work ask through the thread that they work for. */
const makeKinship = () => {
  const parents = new Map<string, string>();
  return {
    learn: ({ method, params }: Notification): void => {
      if (method !== "thread/started") return;
      const { id, parentThreadId } = (params["thread"] ?? {}) as Record<string, unknown>;
      if (typeof id !== "string" || typeof parentThreadId !== "string") return;
      parents.set(id, parents.get(parentThreadId) ?? parentThreadId);
    },
    parent: (thread: string): string | undefined => parents.get(thread),
    forget: (thread: string): void => {
      for (const [child, parent] of parents) if (parent === thread) parents.delete(child);
    },
  };
};

const makeRouting = (backend: BackendContext, refuse: (request: ServerRequest) => void) => {
  const listeners = new Map<string, Listener>();
  const kin = makeKinship();
  const hear = (word: Notification): void => {
    kin.learn(word);
    if (word.method === "configWarning")
      backend.log("warn", "Codex warns about its configuration", word.params);
    const thread = threadOf(word);
    if (thread === null) return;
    const parent = kin.parent(thread);
    if (parent === undefined) listeners.get(thread)?.notification(word);
    else if (word.method === "serverRequest/resolved") listeners.get(parent)?.notification(word);
  };
  const ask = (request: ServerRequest): void => {
    const thread = threadOf(request);
    const listener = listeners.get(kin.parent(thread ?? "") ?? thread ?? "");
    // What is asked about a thread of nobody here, another client may answer.
    if (thread !== null && listener === undefined) return;
    if (listener === undefined || !listener.request(request)) refuse(request);
  };
  return { listeners, forget: kin.forget, hearer: { notification: hear, request: ask } };
};

/** Connects first; rejects with an AdapterFailure when that fails, and the process goes on then. */
export const makeLife = async ({ backend, place, process }: Deps): Promise<Life> => {
  const { timing, clock } = backend;
  const died = Promise.withResolvers<Death>();
  let rpc: Rpc;
  let over = false;
  let ending = false;
  const routing = makeRouting(backend, ({ id, method }) =>
    rpc.refuse(id, { code: -32601, message: `Skein does not answer ${method}.` }),
  );
  const { listeners, hearer } = routing;
  const reach = () => connectTo(backend, place, process, { hearer, timeoutMs: timing.startMs });

  const finish = async (exit: Exit): Promise<void> => {
    if (over) return;
    over = true;
    rpc.close();
    const words = await lastWords(process);
    // Commands that it ran lead groups of their own and may have outlived it.
    await backend.host
      .sweep(place.owner)
      .catch((error: unknown) =>
        backend.log("error", "leftovers of Codex's app-server could not be ended", {
          error: String(error),
        }),
      );
    const how = exit.signal ?? (exit.exitCode === null ? "unseen" : `exit code ${exit.exitCode}`);
    const death = { exit, reason: `Codex's app-server ended (${how})${words && `: ${words}`}` };
    for (const listener of listeners.values()) listener.died(death);
    died.resolve(death);
  };

  const watch = (): void => {
    void rpc.closed.then(async () => {
      if (over || ending) return;
      await Promise.race([process.exited, pause(clock, 20)]);
      if (over || (await process.liveness()) !== "alive") return;
      try {
        rpc = await reach();
      } catch (error) {
        backend.log("error", "Codex's app-server is alive and cannot be reached", {
          error: String(error),
        });
        if (!over) await process.terminate(timing.graceMs);
        return;
      }
      if (over) return rpc.close();
      watch();
      for (const listener of listeners.values()) listener.back();
    });
  };

  rpc = await reach();
  watch();
  void process.exited.then(finish);
  return {
    ref: process.process,
    call: (method, params, options) =>
      over
        ? Promise.reject(unreachable("Codex's app-server has ended."))
        : rpc.call(method, params, { timeoutMs: timing.startMs, ...options }),
    respond: (id, result) => rpc.respond(id, result),
    listen: (thread, listener) => void listeners.set(thread, listener),
    mute: (thread, listener) => {
      if (listeners.get(thread) !== listener) return;
      listeners.delete(thread);
      routing.forget(thread);
    },
    pause: () => rpc.pause(),
    resume: () => rpc.resume(),
    liveness: () => process.liveness(),
    end: async () => {
      ending = true;
      await finish(await process.terminate(timing.graceMs));
    },
    letGo: async () => {
      over = true;
      rpc.close();
      await process.close();
    },
    died: died.promise,
  };
};
