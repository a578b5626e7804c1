/** The typed client over HTTP: every operation of the contract by its name, and watches that resume by themselves. */
import type { Input, OperationName, Output, WatchFrame } from "@skein/contract";
import { outputOf, textOf } from "./answer.ts";
import { isTransportFailure, transportFailure } from "./failure.ts";
import { pause as realPause, type Pause } from "./pause.ts";
import { requestOf } from "./request.ts";
import { resuming, type OpenStream } from "./resume.ts";
import { silenceGuard } from "./silence.ts";
import { serverEvents } from "./sse.ts";
import type { Transport, TransportResponse } from "./transport.ts";

export type CallOptions = { readonly signal?: AbortSignal };

export type Client = {
  /** Rejects with a Refusal (the daemon's own words), a TransportFailure, or the signal's reason. Never repeats anything. */
  call<N extends OperationName>(
    name: N,
    input: Input<N>,
    options?: CallOptions,
  ): Promise<Output<N>>;
  /**
   * Every event once, in order, over any number of connections. Ends when the signal aborts or the loop is left; throws a
   * Refusal that no waiting can mend, or the last TransportFailure when the daemon stays away. A slow reader slows the connection.
   */
  watch(input: Input<"events.watch">, options?: CallOptions): AsyncIterable<WatchFrame>;
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

const makeOpenStream = (transport: Transport, silenceMs: number): OpenStream =>
  async function* (input, signal) {
    const guard = silenceGuard(signal, silenceMs);
    try {
      const response = await carried(signal, "unreachable", () =>
        transport({
          ...requestOf("events.watch", input),
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

export const makeClient = (deps: {
  readonly transport: Transport;
  readonly pause?: Pause;
  readonly attempts?: number;
  readonly silenceMs?: number;
}): Client => {
  const { transport, pause = realPause, attempts } = deps;
  const open = makeOpenStream(transport, deps.silenceMs ?? SILENCE_MS);
  return {
    call: async <N extends OperationName>(name: N, input: Input<N>, options: CallOptions = {}) => {
      const { signal } = options;
      const request = requestOf(name, input);
      const headers = request.body === null ? ACCEPT : JSON_BODY;
      const response = await carried(signal, "unreachable", () =>
        transport({ ...request, headers, signal }),
      );
      const text = await carried(signal, "broken", () => textOf(response));
      return outputOf(response.status, text) as Output<N>;
    },
    watch: (input, { signal } = {}) =>
      resuming(open, input, signal, { pause, ...(attempts === undefined ? {} : { attempts }) }),
  };
};
