/**
 * Requests of one admitted connection: by operation name, answered in whatever order they are done. This is the hot
 * path of the house: one parse, one validation, one call; the answers of a turn leave in one write.
 */
import {
  RequestFrame,
  problem,
  type GatewayError,
  type ParsedInput,
  type Problem,
  plainly,
} from "@skein/contract";
import { printable, type Log } from "../log.ts";
import type { Caller, Operate } from "../ports.ts";
import { invalidInput, issuesText, missingScope, problemOf, shuttingDown } from "../problems.ts";
import type { Limits } from "../settings.ts";
import type { Work } from "../work.ts";
import { errorText, gatewayError, resultText } from "./frames.ts";
import { methodsFor, type Method } from "./methods.ts";
import type { Outbox } from "./outbox.ts";
import { tooManyWatches, type Watches } from "./watches.ts";

export type RequestDeps = {
  readonly operate: Operate;
  readonly work: Work;
  readonly limits: Limits;
  readonly log: Log;
};

export type Requests = {
  /** Takes what a message held. false: it was no request and had no id to answer to. */
  take(value: unknown): boolean;
};

const tooMany = (most: number): Problem =>
  problem(
    "too_many_requests",
    `This connection has ${most} requests under way.`,
    "Wait for answers before sending more.",
  );

const unknownMethod = (method: string, mayAll: boolean): GatewayError =>
  mayAll
    ? {
        code: "INVALID_REQUEST",
        message: `unknown method: ${method}`,
        details: { code: "unknown_operation", remedy: "See features.methods of hello-ok." },
      }
    : gatewayError(missingScope("operator.admin"));

/** Carries out what was parsed and may be done; its promise rejects with whatever went wrong. */
const makeStart = (
  deps: RequestDeps,
  caller: Caller,
  outbox: Outbox,
  watches: Watches,
  gone: AbortController,
) => {
  const { operate, work } = deps;

  return async (id: string, method: Method, input: unknown): Promise<void> => {
    if (method.operation.kind === "stream") {
      const { after, filter } = input as ParsedInput<"events.watch">;
      const answer = (watch: string): void => outbox.text(resultText(id, { watch }));
      return watches.open({ caller, after, filter }, answer);
    }
    if (method.name === "events.unwatch") {
      const ended = watches.end((input as ParsedInput<"events.unwatch">).watch);
      return outbox.text(resultText(id, { ended }));
    }
    const signal = method.operation.kind === "write" ? work.writes : gone.signal;
    outbox.text(resultText(id, await operate(method.name, input, caller, signal)));
  };
};

/** Why a request is not even looked at; null when it may go on. */
const barred = (
  deps: RequestDeps,
  method: Method,
  inFlight: number,
  watches: Watches,
): Problem | null => {
  const { limits, work } = deps;
  if (!method.allowed) return missingScope(method.operation.scope);
  if (work.stopping) return shuttingDown();
  if (inFlight >= limits.socketInFlight) return tooMany(limits.socketInFlight);
  return method.operation.kind === "stream" && watches.size >= limits.watchesPerConnection
    ? tooManyWatches(limits.watchesPerConnection)
    : null;
};

const idOf = (value: unknown): string | null => {
  const id = (value as { id?: unknown } | null)?.id;
  return typeof id === "string" && id !== "" && id.length <= 128 ? id : null;
};

/** `gone` is aborted when the connection ends, or the daemon: reads give up then, writes go on. */
export const makeRequests = (
  deps: RequestDeps,
  caller: Caller,
  outbox: Outbox,
  watches: Watches,
  gone: AbortController,
): Requests => {
  const { work, log } = deps;
  const methods = methodsFor(caller.scopes);
  const mayAll = caller.scopes.includes("operator.admin");
  const start = makeStart(deps, caller, outbox, watches, gone);
  const giveUp = (): void => gone.abort();
  let inFlight = 0;

  const refuseWith = (id: string, value: Problem): true => {
    outbox.text(errorText(id, gatewayError(value)));
    return true;
  };

  const run = async (id: string, method: Method, input: unknown): Promise<void> => {
    const end = work.begin(method.operation.kind === "read" ? giveUp : undefined);
    inFlight += 1;
    try {
      await start(id, method, input);
    } catch (error) {
      refuseWith(id, problemOf(error, work.stopping || gone.signal.aborted, method.name, log));
    } finally {
      inFlight -= 1;
      end();
    }
  };

  return {
    take: (value) => {
      const frame = RequestFrame.safeParse(value);
      if (!frame.success) {
        const claimed = idOf(value);
        const fault = issuesText(frame.error);
        return claimed !== null && refuseWith(claimed, invalidInput("request frame", fault));
      }
      const { id, method: name, params } = frame.data;
      const method = methods.get(name);
      if (method === undefined) {
        outbox.text(errorText(id, unknownMethod(printable(name), mayAll)));
        return true;
      }
      const stop = barred(deps, method, inFlight, watches);
      if (stop !== null) return refuseWith(id, stop);
      const input = method.operation.input.safeParse(params ?? {}, plainly);
      if (!input.success) return refuseWith(id, invalidInput(name, issuesText(input.error)));
      void run(id, method, input.data);
      return true;
    },
  };
};
