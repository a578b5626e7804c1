/** From an operation's name to its handler. */
import { refuse, type OperationName } from "@skein/contract";
import { isAdapterFailure } from "@skein/sdk";
import { beginningHandlers } from "./beginning.ts";
import { approvalHandlers } from "./approvals.ts";
import type { HandledOperation, Handlers } from "./handlers.ts";
import { hostHandlers } from "./hosts.ts";
import { otherHandlers } from "./others.ts";
import type { Caller, OperationDeps } from "./ports.ts";
import { outsideHandlers } from "./outside.ts";
import { pagingHandlers } from "./paging.ts";
import { readingHandlers } from "./reading.ts";
import { sessionHandlers } from "./sessions.ts";
import { admitOwn, narrowTo, ownerOf } from "./own.ts";
import { terminalHandlers } from "./terminals.ts";
import { tokenHandlers } from "./tokens.ts";
import { waitingHandlers } from "./waiting.ts";

type AnyHandler = (input: unknown, caller: Caller, signal: AbortSignal) => Promise<unknown>;

const handlersOf = (deps: OperationDeps): Handlers => ({
  ...beginningHandlers(deps),
  ...sessionHandlers(deps),
  ...readingHandlers(deps),
  ...pagingHandlers(deps),
  ...waitingHandlers(deps),
  ...approvalHandlers(deps),
  ...tokenHandlers(deps),
  ...terminalHandlers(deps),
  ...otherHandlers(deps),
  ...hostHandlers(deps),
  ...outsideHandlers(deps),
});

/** What an adapter cannot do is said in its own words: they are for a person, with a code of the contract. */
export const inContract = (error: unknown): unknown => {
  if (!isAdapterFailure(error)) return error;
  const { code, remedy } = error.failure;
  return refuse(code, error.message, remedy);
};

/** Input must have been parsed by the contract, and the caller's scope checked. Rejects with a Refusal. */
export const makeOperate = (deps: OperationDeps) => {
  const all = handlersOf(deps);
  /** A token for its own sessions finds itself in a house that has no others. */
  const handlersFor = (name: OperationName, caller: Caller): Handlers => {
    const owner = ownerOf(caller);
    if (owner === null) return all;
    admitOwn(name);
    return handlersOf(narrowTo(deps, owner));
  };
  return async (
    name: OperationName,
    input: unknown,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<unknown> => {
    const handlers = handlersFor(name, caller);
    const handler = handlers[name as HandledOperation] as AnyHandler | undefined;
    if (handler === undefined) {
      throw refuse(
        "unknown_operation",
        `${name} cannot be called here.`,
        "Watches are opened on the socket, or as server-sent events.",
      );
    }
    return handler(input, caller, signal).catch((error: unknown) => {
      throw inContract(error);
    });
  };
};
