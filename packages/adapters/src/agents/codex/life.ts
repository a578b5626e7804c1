/**
 * One life of an app-server, as this daemon sees it: the process, the connection that is made anew when it breaks, and
 * who hears which thread. Ends when the process does, or when let go.
 */
import {
  pause,
  isHostAway,
  type BackendContext,
  type Detached,
  type Exit,
  type Liveness,
  type ProcessRef,
} from "@skein/sdk";
import { clear, connectTo, lastWords, type Place } from "./process.ts";
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
  /** Throws an AdapterFailure when it could not be sent. */
  respond(id: RequestId, result: unknown): void;
  listen(thread: string, listener: Listener): void;
  mute(thread: string, listener: Listener): void;
  /** A slow recorder holds up the reading; the server waits, then hangs up, and is read from the history. */
  pause(): void;
  resume(): void;
  liveness(): Promise<Liveness>;
  /** Resolves when there is a connection, or never will be one again. Waits as long as its host is away. */
  connected(): Promise<void>;
  /** Ends the server and all it started. */
  end(): Promise<void>;
  /** The server goes on. */
  letGo(): Promise<void>;
  /** It has died, or is dying. */
  isOver(): boolean;
  /** Resolves when it is dead and nothing of it is left. */
  readonly died: Promise<Death>;
};

/** A server that ends hangs up first. */
const dyingMs = 20;
/** Where nobody says that the host is back. */
const lookAgainMs = 5_000;

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

type Routing = {
  readonly listeners: Map<string, Listener>;
  readonly kin: ReturnType<typeof makeKinship>;
};

const hear = ({ listeners, kin }: Routing, word: Notification): void => {
  kin.learn(word);
  const thread = threadOf(word);
  if (thread === null) return;
  const parent = kin.parent(thread);
  if (parent === undefined) listeners.get(thread)?.notification(word);
  else if (word.method === "serverRequest/resolved") listeners.get(parent)?.notification(word);
};

/** false: it waits for an answer that nobody will give. */
const ask = ({ listeners, kin }: Routing, request: ServerRequest): boolean => {
  const thread = threadOf(request);
  const listener = listeners.get(kin.parent(thread ?? "") ?? thread ?? "");
  // What is asked about a thread of nobody here, another client may answer.
  if (listener === undefined) return thread !== null;
  return listener.request(request);
};

type Now = Deps & {
  readonly routing: Routing;
  readonly died: PromiseWithResolvers<Death>;
  rpc: Rpc | null;
  /** The connection that is being made anew; resolves when it is, or never will be. */
  again: Promise<void>;
  /** We end it, or let it go: the connection is not made anew. */
  leaving: boolean;
  over: boolean;
};

const reach = (now: Now): Promise<Rpc> => {
  const { backend, place, process, routing } = now;
  const hearer = {
    notification: (word: Notification): void => {
      if (word.method === "configWarning")
        backend.log("warn", "Codex warns about its configuration", word.params);
      hear(routing, word);
    },
    request: (request: ServerRequest): void => {
      const { id, method } = request;
      const message = `Skein does not answer ${method}.`;
      if (ask(routing, request)) return;
      try {
        now.rpc?.refuse(id, { code: -32601, message });
      } catch (error) {
        // It asks again on the next connection.
        backend.log("debug", message, { error: String(error) });
      }
    },
  };
  return connectTo(backend, place, process, { hearer, timeoutMs: backend.timing.startMs });
};

const finish = async (now: Now, exit: Exit): Promise<void> => {
  if (now.over) return;
  now.over = true;
  now.rpc?.close();
  const { backend, place } = now;
  const words = await lastWords(now.process);
  // Commands that it ran lead groups of their own and may have outlived it.
  await clear(backend, place).catch((error: unknown) =>
    backend.log("error", "leftovers of Codex's app-server could not be removed", {
      error: String(error),
    }),
  );
  const how = exit.signal ?? (exit.exitCode === null ? "" : `exit code ${exit.exitCode}`);
  const reason = `Codex's app-server ended${how && ` (${how})`}${words && `: ${words}`}`;
  for (const listener of now.routing.listeners.values()) listener.died({ exit, reason });
  now.died.resolve({ exit, reason });
};

/** Resolves when its host is back, or the process has ended; looks again by itself now and then. */
const hostBack = async ({ backend, process }: Now): Promise<void> => {
  const { host, clock } = backend;
  const back = Promise.withResolvers<void>();
  const forget = host.onReach(({ state }) => (state === "reachable" ? back.resolve() : undefined));
  await Promise.race([back.promise, pause(clock, lookAgainMs), process.exited]);
  forget();
};

/** null: it has ended, or nobody needs it any more. Waits while its host is away: what cannot be seen is not dead. */
const connectAgain = async (now: Now): Promise<Rpc | null> => {
  const { process } = now;
  while (!now.over && !now.leaving) {
    const liveness = await process.liveness();
    if (liveness === "dead") return null;
    if (liveness === "alive") {
      try {
        return await reach(now);
      } catch (error) {
        if (!isHostAway(error)) throw error;
      }
    }
    await hostBack(now);
  }
  return null;
};

/** A connection that breaks while the server lives is made anew; when that fails, the server is of no use and is ended. */
const renew = async (now: Now): Promise<void> => {
  const { process, backend } = now;
  await Promise.race([process.exited, pause(backend.clock, dyingMs)]);
  let rpc: Rpc | null;
  try {
    rpc = await connectAgain(now);
  } catch (error) {
    backend.log("error", "Codex's app-server lives and cannot be reached: it is ended", {
      error: String(error),
    });
    if (!now.over) await process.terminate(backend.timing.graceMs);
    return;
  }
  if (rpc === null) return;
  if (now.over || now.leaving) return rpc.close();
  now.rpc = rpc;
  keep(now, rpc);
  for (const listener of now.routing.listeners.values()) listener.back();
};

const keep = (now: Now, rpc: Rpc): void => {
  void rpc.closed.then(() => {
    if (now.leaving || now.over) return;
    now.again = renew(now).catch((error: unknown) =>
      now.backend.log("error", "Codex's app-server was lost", { error: String(error) }),
    );
  });
};

/** Connects first; rejects with an AdapterFailure when that fails, and the process goes on then. */
export const makeLife = async (deps: Deps): Promise<Life> => {
  const { backend, process } = deps;
  const routing = { listeners: new Map<string, Listener>(), kin: makeKinship() };
  const died = Promise.withResolvers<Death>();
  const again = Promise.resolve();
  const now: Now = { ...deps, routing, died, again, rpc: null, leaving: false, over: false };
  now.rpc = await reach(now);
  keep(now, now.rpc);
  void process.exited.then((exit) => finish(now, exit));
  return {
    ref: process.process,
    call: (method, params, options) =>
      now.over || now.rpc === null
        ? Promise.reject(unreachable("Codex's app-server has ended."))
        : now.rpc.call(method, params, { timeoutMs: backend.timing.startMs, ...options }),
    respond: (id, result) => {
      if (now.over || now.rpc === null) throw unreachable("Codex's app-server has ended.");
      now.rpc.respond(id, result);
    },
    listen: (thread, listener) => void routing.listeners.set(thread, listener),
    mute: (thread, listener) => {
      if (routing.listeners.get(thread) !== listener) return;
      routing.listeners.delete(thread);
      routing.kin.forget(thread);
    },
    pause: () => now.rpc?.pause(),
    resume: () => now.rpc?.resume(),
    liveness: () => process.liveness(),
    connected: () => now.again,
    end: async () => {
      now.leaving = true;
      await finish(now, await process.terminate(backend.timing.graceMs));
    },
    letGo: async () => {
      now.leaving = true;
      now.over = true;
      now.rpc?.close();
      await process.close();
    },
    isOver: () => now.over,
    died: died.promise,
  };
};
