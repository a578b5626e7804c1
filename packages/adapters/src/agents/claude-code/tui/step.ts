/** What a step of the TUI's fold gives back, and how steps are joined. */
import type { PermissionMode } from "@skein/contract";
import type { Fact } from "@skein/sdk";
import type { State } from "./state.ts";

/** What the caller must do now. `refuse`: answer the request with a no. `release`: nobody waits for its answer any more. */
export type Order =
  | { readonly order: "refuse"; readonly request: string; readonly message: string }
  | { readonly order: "release"; readonly request: string };

export type Step = {
  readonly state: State;
  readonly facts: readonly Fact[];
  readonly orders: readonly Order[];
};

export type Settings = {
  readonly folder: string;
  readonly permissions: PermissionMode;
  /** As chosen for the session; null: the CLI's default. */
  readonly model: string | null;
  readonly pid: number | null;
  /** The id that a conversation without words will have; null: it has words, or nobody knows. */
  readonly reserved: string | null;
  /** Milliseconds since the epoch, by our clock. */
  readonly now: number;
  /** The conversation that a fork copies: what names it is not about the fork. */
  readonly forkFrom: string | null;
};

export const stepped = (
  state: State,
  facts: readonly Fact[] = [],
  orders: readonly Order[] = [],
): Step => ({ state, facts, orders });

/** The facts of the first before those of the second. */
export const chained = (first: Step, next: (state: State) => Step): Step => {
  const second = next(first.state);
  return {
    state: second.state,
    facts: [...first.facts, ...second.facts],
    orders: [...first.orders, ...second.orders],
  };
};
