/** What a step of the fold gives back, and how steps are joined. */
import type { Fact, LiveDelta } from "@skein/sdk";
import type { PermissionMode } from "@skein/contract";
import type { State } from "./state.ts";

/** What the caller must do now. `refuse`: answer the request with a no. `interrupt`: end the run that is going on. */
export type Order =
  | { readonly order: "refuse"; readonly request: string; readonly message: string }
  | { readonly order: "interrupt"; readonly turn: string };

export type Folded = {
  readonly state: State;
  readonly facts: readonly Fact[];
  readonly live: readonly LiveDelta[];
  readonly orders: readonly Order[];
};

export type Settings = {
  readonly folder: string;
  readonly permissions: PermissionMode;
  /** As chosen for the session; null: the CLI's default. */
  readonly model: string | null;
  /** Of the process that runs; null when it is not known. */
  readonly pid: number | null;
};

export const folded = (
  state: State,
  facts: readonly Fact[] = [],
  more: Partial<Pick<Folded, "live" | "orders">> = {},
): Folded => ({ state, facts, live: more.live ?? [], orders: more.orders ?? [] });

/** The facts of the first before those of the second. */
export const chain = (first: Folded, next: (state: State) => Folded): Folded => {
  const second = next(first.state);
  return {
    state: second.state,
    facts: [...first.facts, ...second.facts],
    live: [...first.live, ...second.live],
    orders: [...first.orders, ...second.orders],
  };
};

export const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> => {
  const { [key]: _, ...rest } = record;
  return rest;
};
