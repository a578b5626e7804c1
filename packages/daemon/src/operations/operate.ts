/** From an operation's name to its handler. */
import { refuse, type OperationName } from "@skein/contract";
import { beginningHandlers } from "./beginning.ts";
import { approvalHandlers } from "./approvals.ts";
import type { HandledOperation, Handlers } from "./handlers.ts";
import { otherHandlers } from "./others.ts";
import type { Caller, OperationDeps } from "./ports.ts";
import { pagingHandlers } from "./paging.ts";
import { readingHandlers } from "./reading.ts";
import { sessionHandlers } from "./sessions.ts";
import { tokenHandlers } from "./tokens.ts";
import { waitingHandlers } from "./waiting.ts";

type AnyHandler = (input: unknown, caller: Caller, signal: AbortSignal) => Promise<unknown>;

/** Input must have been parsed by the contract, and the caller's scope checked. Rejects with a Refusal. */
export const makeOperate = (deps: OperationDeps) => {
  const handlers: Handlers = {
    ...beginningHandlers(deps),
    ...sessionHandlers(deps),
    ...readingHandlers(deps),
    ...pagingHandlers(deps),
    ...waitingHandlers(deps),
    ...approvalHandlers(deps),
    ...tokenHandlers(deps),
    ...otherHandlers(deps),
  };
  return (
    name: OperationName,
    input: unknown,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<unknown> => {
    const handler = handlers[name as HandledOperation] as AnyHandler | undefined;
    if (handler === undefined) {
      return Promise.reject(
        refuse(
          "unknown_operation",
          `${name} cannot be called here.`,
          "Watches are opened on the socket, or as server-sent events.",
        ),
      );
    }
    return handler(input, caller, signal);
  };
};
