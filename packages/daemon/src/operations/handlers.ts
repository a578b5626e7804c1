/** One function for each operation of the contract; a missing one is a type error. */
import type { OperationName, Output, ParsedInput } from "@skein/contract";
import type { Caller } from "./ports.ts";

/** `events.watch` and `events.unwatch` belong to the connection that carries them. */
export type HandledOperation = Exclude<OperationName, "events.watch" | "events.unwatch">;

export type Handlers = {
  readonly [N in HandledOperation]: (
    input: ParsedInput<N>,
    caller: Caller,
    signal: AbortSignal,
  ) => Promise<Output<N>>;
};
