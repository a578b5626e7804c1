/**
 * The typed client for the command line. Errors: a refusal of the daemon exits 1 in the daemon's own words, everything that
 * kept an answer from coming exits 255.
 *
 * A connection that breaks while the daemon restarts is taken up again for `PATIENCE_MS`: reads are safe to repeat, and
 * a write is when it carries a clientId (the daemon answers it with the first one's receipt). Other writes are not
 * repeated.
 */
import type { Input, OperationName, Output, Problem, WatchFrame } from "@skein/contract";
import { isRefusal } from "@skein/contract/light";
import {
  isTransportFailure,
  makeRoutedClient,
  pause,
  type Client,
  type Transport,
  type TransportFailure,
} from "@skein/client/light";
import { EXIT, fail, refused, type Failure } from "./failure.ts";
import { ROUTES } from "./generated/routes.ts";
import type { Place } from "./place.ts";
import { isHeard } from "./reach.ts";
import { heeding } from "./silence.ts";
import { codeOf } from "./transport.ts";

/** `timeoutMs`: how long to wait for the answer; default: without end (a wait may take a day). */
export type CallOptions = { readonly timeoutMs?: number };

export type Calls = {
  call<N extends OperationName>(
    name: N,
    input: Input<N>,
    options?: CallOptions,
  ): Promise<Output<N>>;
  /**
   * Every frame once, over any number of connections. `lost` is called when one is gone, before the next attempt; without
   * it, a daemon that is not there at the beginning is not waited for. Ends at once when `left` aborts.
   */
  watch(
    input: Input<"events.watch">,
    lost?: () => void,
    left?: AbortSignal,
  ): AsyncGenerator<WatchFrame>;
};

const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;
/** With the client's pauses about two minutes. */
const WATCH_ATTEMPTS = 17;

/** Of its health. */
const ANSWER_MS = 5_000;

type Surroundings = {
  readonly place: Place;
  /** Ends every call. */
  readonly signal: AbortSignal;
  /** A line for the person. */
  readonly tell: (text: string) => void;
};

/** One request, given up when nobody is there to answer it. */
const makeOnce = (client: Client, transport: Transport, { place, signal, tell }: Surroundings) => {
  return async <N extends OperationName>(
    name: N,
    input: Input<N>,
    patience: AbortSignal | undefined,
  ): Promise<Output<N>> => {
    const quit = new AbortController();
    const until = AbortSignal.any([
      signal,
      quit.signal,
      ...(patience === undefined ? [] : [patience]),
    ]);
    const silent = (times: number): void => {
      if (times === 1) tell("skein: the daemon does not answer; waiting for it");
      // Whoever waits for a day waits for a daemon, too.
      else if (name !== "sessions.wait") quit.abort();
    };
    const answers = () => isHeard(transport, until, ANSWER_MS);
    try {
      return await heeding({ everyMs: ANSWER_MS, answers, silent }, () =>
        client.call(name, input, { signal: until }),
      );
    } catch (error) {
      if (isRefusal(error)) throw refused(plainer(error.problem, place));
      const isLate = quit.signal.aborted || patience?.aborted === true;
      if (isLate && !signal.aborted) throw noAnswer(name, receiptOf(name, input));
      throw error;
    }
  };
};

export const makeCalls = (transport: Transport, surroundings: Surroundings): Calls => {
  const { place, signal } = surroundings;
  const client = makeRoutedClient({ transport, routes: ROUTES, attempts: WATCH_ATTEMPTS });
  const once = makeOnce(client, transport, surroundings);

  return {
    call: async (name, input, { timeoutMs } = {}) => {
      let until = 0;
      for (let broken = false; ; broken = true) {
        const began = performance.now();
        try {
          const patience = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
          return await once(name, input, patience);
        } catch (error) {
          if (!isTransportFailure(error)) throw error;
          const wasSent = broken || error.transport === "broken";
          if (error.transport === "not-skein" || !wasSent || !isRepeatable(name, input))
            throw asFailure(error, place, wasSent, receiptOf(name, input));
          // From the break on: a wait may have stood for hours before it.
          const now = performance.now();
          if (!broken || now - began > PATIENCE_MS) until = now + PATIENCE_MS;
          if (now > until) throw asFailure(error, place, wasSent, receiptOf(name, input));
          await pause(PAUSE_MS, signal);
        }
      }
    },
    watch: async function* (input, lost, left) {
      let first: TransportFailure | undefined;
      let isSeen = false;
      const leaving = new AbortController();
      const told = (failure: TransportFailure) => {
        if (lost !== undefined || isSeen) return lost?.();
        first = failure;
        leaving.abort();
      };
      const until = AbortSignal.any([
        signal,
        leaving.signal,
        ...(left === undefined ? [] : [left]),
      ]);
      try {
        for await (const frame of client.watch(input, { signal: until, lost: told })) {
          isSeen = true;
          yield frame;
        }
      } catch (error) {
        if (isRefusal(error)) throw refused(plainer(error.problem, place));
        throw isTransportFailure(error) ? asFailure(error, place, isSeen, undefined) : error;
      }
      signal.throwIfAborted();
      if (first !== undefined) throw asFailure(first, place, false, undefined);
    },
  };
};

const isRepeatable = (name: OperationName, input: unknown): boolean =>
  ROUTES[name][2] === "read" || (input as { clientId?: unknown }).clientId !== undefined;

/** An input that the contract refuses, for who typed a flag and not a parameter; a token, for who needs none. */
const plainer = (problem: Problem, place: Place): Problem => {
  if (problem.code === "unauthenticated" && place.kind === "socket")
    return {
      ...problem,
      remedy: "It came from SKEIN_TOKEN; the local socket needs none: unset it.",
    };
  if (problem.code === "unauthenticated" && place.kind === "url" && place.gateway !== undefined)
    return {
      ...problem,
      remedy: "On the host: skein token create sandbox --own --scope write. Set SKEIN_TOKEN to it.",
    };
  const [, field, why] =
    /^invalid [\w.]+ params: at \/([^:]+?)(?:\/\d+)?: (.+)$/s.exec(problem.message) ?? [];
  if (problem.code !== "invalid_input" || field === undefined || why === undefined) return problem;
  const remedy = "Correct it; skein help VERB says what the verb takes.";
  return { ...problem, message: `The ${field} is not right: ${why}.`, remedy };
};

/** `wasSent`: the daemon may have got it before the connection broke. */
const asFailure = (
  error: TransportFailure,
  place: Place,
  wasSent: boolean,
  receipt: string | undefined,
): Failure => {
  const code = codeOf(error);
  const transport = (failure: string, message: string, remedy: string) =>
    fail(EXIT.transport, failure, message, remedy);
  if (error.transport === "not-skein")
    return transport(
      "not_skein",
      error.message,
      "Check SKEIN_URL, and what stands between here and the daemon.",
    );
  if (wasSent) return broken(receipt);
  if (place.kind === "url" && place.gateway !== undefined)
    return transport(
      "gateway_unreachable",
      `No gateway answers at ${place.url.origin} (${code}).`,
      "On the host: skein gateway install (or skein gateway). Then check SKEIN_GATEWAY_URL, and that the sandbox may reach it.",
    );
  if (place.kind === "url")
    return transport(
      "unreachable",
      `No daemon answers at ${place.url.origin} (${code}).`,
      "Check SKEIN_URL, and that the daemon runs there: skein up --detach",
    );
  if (code === "EACCES" || code === "EPERM")
    return transport(
      "socket_forbidden",
      `You may not use the socket ${place.socketPath}.`,
      "It belongs to whoever started the daemon; run skein as that user, or set SKEIN_HOME.",
    );
  return transport(
    "not_running",
    `No daemon is running for ${place.home}.`,
    "Start it with: skein up --detach",
  );
};

/** The clientId, for the verbs that take one back: doing these twice would matter. */
const receiptOf = (name: OperationName, input: unknown): string | undefined =>
  /^sessions\.(create|send|fork)$/.test(name)
    ? (input as { clientId?: string }).clientId
    : undefined;

const broken = (receipt: string | undefined): Failure => {
  const repeat =
    receipt === undefined
      ? "Look with skein status, then run it again."
      : `It may have been recorded. Run it again with --client-id ${receipt}: nothing is done twice.`;
  return fail(EXIT.transport, "connection_lost", "The connection to the daemon broke.", repeat);
};

const noAnswer = (name: OperationName, receipt: string | undefined): Failure =>
  fail(EXIT.transport, "no_answer", "The daemon does not answer.", afterSilence(name, receipt));

const afterSilence = (name: OperationName, receipt: string | undefined): string => {
  if (receipt !== undefined)
    return `It may have been recorded. Look with skein doctor, then run it again with --client-id ${receipt}: nothing is done twice.`;
  return ROUTES[name][2] === "read"
    ? "Look with: skein doctor"
    : "It may have been done. Look with skein status before you repeat it.";
};
