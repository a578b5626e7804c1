/**
 * Calls operations by name. Errors: a refusal of the daemon exits 1 in the daemon's own words, everything that kept an
 * answer from coming exits 255.
 *
 * A connection that breaks while the daemon restarts is taken up again for `PATIENCE_MS`: reads are safe to repeat, and
 * a write is when it carries a clientId (the daemon answers it with the first one's receipt). Other writes are not
 * repeated.
 */
import type { Input, OperationName, Output, Problem, WatchFrame } from "@skein/contract";
import { EXIT, fail, refused, type Failure } from "./failure.ts";
import { ROUTES } from "./generated/routes.ts";
import type { Place } from "./place.ts";
import { eventTexts } from "./sse.ts";
import { isUnreachable, type Transport, type Unreachable } from "./transport.ts";

export type CallOptions = { readonly timeoutMs?: number };

export type Calls = {
  call<N extends OperationName>(
    name: N,
    input: Input<N>,
    options?: CallOptions,
  ): Promise<Output<N>>;
  /** Frames until the daemon ends the watch; rejects (255) when the connection breaks. */
  watch(input: Input<"events.watch">): AsyncGenerator<WatchFrame>;
};

const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;

/** `signal` ends every call. */
export const makeCalls = (transport: Transport, place: Place, signal: AbortSignal): Calls => {
  const once = async (name: OperationName, input: unknown, options: CallOptions) => {
    const answer = await transport.request({ ...requestFor(name, input), ...options, signal });
    const read = parse(answer.text);
    if (answer.status >= 200 && answer.status < 300 && read !== undefined) return read;
    throw refusal(answer.status, read);
  };

  const call = async (name: OperationName, input: unknown, options: CallOptions = {}) => {
    const until = performance.now() + PATIENCE_MS;
    for (let broken = false; ; broken = true) {
      try {
        return await once(name, input, options);
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        signal.throwIfAborted();
        const mayRepeat = (broken || error.unreachable.sent) && isRepeatable(name, input);
        if (!mayRepeat || error.unreachable.code === "ETIMEDOUT" || performance.now() > until)
          throw asFailure(error, place, broken || error.unreachable.sent, receiptOf(name, input));
        await pause(PAUSE_MS, signal);
      }
    }
  };

  return {
    call: (name, input, options) => call(name, input, options) as Promise<never>,
    watch: (input) => watchOnce(transport, place, input, signal),
  };
};

async function* watchOnce(
  transport: Transport,
  place: Place,
  input: Input<"events.watch">,
  signal: AbortSignal,
): AsyncGenerator<WatchFrame> {
  try {
    const request = { ...requestFor("events.watch", input), accept: "text/event-stream", signal };
    const stream = await transport.open(request);
    if (stream.status !== 200) throw refusal(stream.status, parse(await whole(stream.chunks)));
    for await (const text of eventTexts(stream.chunks)) yield JSON.parse(text) as WatchFrame;
  } catch (error) {
    throw isUnreachable(error) ? asFailure(error, place, true, undefined) : error;
  }
}

/** The request of an operation: path parameters by name, the rest in the query (GET, DELETE) or the body. */
export const requestFor = (name: OperationName, input: unknown) => {
  const [method, template] = ROUTES[name];
  const rest: Record<string, unknown> = { ...(input as Record<string, unknown>) };
  const path = template.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = rest[field];
    delete rest[field];
    return encodeURIComponent(String(value)).replace(/^\.{1,2}$/, (dots) =>
      dots.replaceAll(".", "%2E"),
    );
  });
  if (method !== "GET" && method !== "DELETE") return { method, path, body: JSON.stringify(rest) };
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(rest)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined)
        query.append(field, typeof each === "string" ? each : JSON.stringify(each));
  }
  return { method, path: query.size === 0 ? path : `${path}?${query.toString()}` };
};

const isRepeatable = (name: OperationName, input: unknown): boolean =>
  ROUTES[name][2] === "read" || (input as { clientId?: unknown }).clientId !== undefined;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const whole = async (chunks: AsyncIterable<Buffer>): Promise<string> =>
  Buffer.concat(await Array.fromAsync(chunks)).toString("utf8");

const refusal = (status: number, read: unknown): Failure => {
  const found = (read as { error?: unknown } | undefined)?.error ?? read;
  const problem = found as Partial<Problem> | undefined;
  if (typeof problem?.code === "string" && typeof problem.message === "string")
    return refused(plainer({ ...problem, remedy: problem.remedy ?? "" } as Problem));
  return fail(
    EXIT.transport,
    "not_skein",
    `What answers there is not Skein: it said ${status} without a reason.`,
    "Check SKEIN_URL, and what stands between here and the daemon.",
  );
};

/** An input that the contract refuses, for who typed a flag and not a parameter. */
const plainer = (problem: Problem): Problem => {
  const [, field, why] = /^invalid [\w.]+ params: at \/([^:]+): (.+)$/s.exec(problem.message) ?? [];
  if (problem.code !== "invalid_input" || field === undefined || why === undefined) return problem;
  const remedy = "Correct it; skein help VERB says what the verb takes.";
  return { ...problem, message: `The ${field} is not right: ${why}.`, remedy };
};

/** `wasSent`: the daemon may have got it before the connection broke. */
const asFailure = (
  error: Unreachable,
  place: Place,
  wasSent: boolean,
  receipt: string | undefined,
): Failure => {
  const { code } = error.unreachable;
  const transport = (failure: string, message: string, remedy: string) =>
    fail(EXIT.transport, failure, message, remedy);
  if (wasSent) return broken(code, receipt);
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

const broken = (code: string, receipt: string | undefined): Failure => {
  const repeat =
    receipt === undefined
      ? "Look with skein status, then run it again."
      : `It may have been recorded. Run it again with --client-id ${receipt}: nothing is done twice.`;
  return code === "ETIMEDOUT"
    ? fail(EXIT.transport, "no_answer", "The daemon does not answer.", "Look with: skein doctor")
    : fail(EXIT.transport, "connection_lost", "The connection to the daemon broke.", repeat);
};

export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
