/** The typed client over HTTP: every operation of the contract by its name, and watches that resume by themselves. */
import type { Input, OperationName, Output, WatchFrame } from "@skein/contract";
import { outputOf, textOf } from "./answer.ts";
import { isTransportFailure, transportFailure, type TransportFailure } from "./failure.ts";
import { pause as realPause, type Pause } from "./pause.ts";
import { requestBy, type Routes } from "./request.ts";
import { resuming, type OpenStream } from "./resume.ts";
import { silenceGuard } from "./silence.ts";
import { serverEvents } from "./sse.ts";
import type { Transport, TransportResponse } from "./transport.ts";

export type CallOptions = { readonly signal?: AbortSignal };
export type WatchOptions = CallOptions & {
  /** Called whenever no connection came about or one broke, before the next attempt. Must not throw. */
  readonly lost?: (failure: TransportFailure) => void;
};

export type Client = {
  /** Rejects with a Refusal (the daemon's own words), a TransportFailure, or the signal's reason. Never repeats anything. */
  call<N extends OperationName>(
    name: N,
    input: Input<N>,
    options?: CallOptions,
  ): Promise<Output<N>>;
  /**
   * Every event once, in order, over any number of connections. Ends when the signal aborts or the loop is left; throws a
   * Refusal that no waiting can mend, or the last TransportFailure when the daemon stays away. A slow reader
   * holds up nothing else: when it is too far behind, the watch goes on from the log, after the last event that it took.
   */
  watch(input: Input<"events.watch">, options?: WatchOptions): AsyncIterable<WatchFrame>;
};

const ACCEPT = { accept: "application/json" };
const JSON_BODY = { ...ACCEPT, "content-type": "application/json" };
/** The daemon says something at least every thirty seconds. */
const SILENCE_MS = 75_000;

/** The transport's own errors become ours; an abort stays what it was. */
const carried = async <T>(
  signal: AbortSignal | undefined,
  reason: "unreachable" | "broken",
  act: () => Promise<T>,
): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    signal?.throwIfAborted();
    if (isTransportFailure(error)) throw error;
    const words =
      reason === "unreachable" ? "No daemon answers." : "The connection to the daemon broke.";
    throw transportFailure(reason, words, error);
  }
};

const chunksOf = async function* ({ body }: TransportResponse): AsyncGenerator<Uint8Array> {
  if (typeof body === "string") yield new TextEncoder().encode(body);
  else yield* body;
};

const makeOpenStream = (transport: Transport, routes: Routes, silenceMs: number): OpenStream =>
  async function* (input, signal) {
    const guard = silenceGuard(signal, silenceMs);
    try {
      const response = await carried(signal, "unreachable", () =>
        transport({
          ...requestBy(routes, "events.watch", input),
          headers: { accept: "text/event-stream" },
          signal: guard.signal,
        }),
      );
      if (response.status !== 200) {
        outputOf(response.status, await carried(signal, "broken", () => textOf(response)));
        return;
      }
      const events = serverEvents(guard.watched(chunksOf(response)));
      for (;;) {
        const { done, value } = await carried(signal, "broken", () => events.next());
        if (done === true) return;
        const position = value.id === null ? null : Number(value.id);
        yield { frame: JSON.parse(value.data) as WatchFrame, position };
      }
    } finally {
      guard.end();
    }
  };

export type ClientDeps = {
  readonly transport: Transport;
  readonly routes: Routes;
  readonly pause?: Pause;
  /** How often in a row a watch tries to connect before it gives up. */
  readonly attempts?: number;
  readonly silenceMs?: number;
};

export const makeRoutedClient = (deps: ClientDeps): Client => {
  const { transport, routes, pause = realPause, attempts } = deps;
  const open = makeOpenStream(transport, routes, deps.silenceMs ?? SILENCE_MS);
  return {
    call: async <N extends OperationName>(name: N, input: Input<N>, options: CallOptions = {}) => {
      const { signal } = options;
      const request = requestBy(routes, name, input);
      const headers = request.body === null ? ACCEPT : JSON_BODY;
      const response = await carried(signal, "unreachable", () =>
        transport({ ...request, headers, signal }),
      );
      const text = await carried(signal, "broken", () => textOf(response));
      return outputOf(response.status, text) as Output<N>;
    },
    watch: (input, { signal, lost } = {}) =>
      resuming(open, input, signal, {
        pause,
        ...(attempts === undefined ? {} : { attempts }),
        ...(lost === undefined ? {} : { lost }),
      }),
  };
};
