/** What the engine must know of a kind of thing to keep it: how it is loaded, decided, changed and written down. */
import type { Context, Decision, Rejection } from "@skein/core";
import type { NewEvent } from "@skein/contract";
import type { ItemRow, Row, Store, TurnRow } from "./ports.ts";

export type Views = {
  readonly rows: readonly Row[];
  readonly items: readonly ItemRow[];
  readonly turns: readonly TurnRow[];
};

export type Step<S> = { readonly before: S | null; readonly event: NewEvent };

export type Kind<S, I> = {
  readonly name: "session" | "token" | "backend" | "host" | "terminal";
  load(store: Store, stream: string): Promise<S | null>;
  decide(state: S | null, input: I, context: Context): Decision | Rejection;
  evolve(state: S | null, event: NewEvent, at: string): S | null;
  /** What a decision changes beside the log. `steps`: each event with the state that it met. */
  write(after: S | null, steps: readonly Step<S>[], at: string, changed: boolean): Views;
};
