/** What a step of a driver's fold gives back, and how steps are joined. Pure. */
import type { Fact, LiveDelta } from "@skein/sdk";

/** `orders`: what the caller must do now, in the driver's own words; `never` where there is nothing. */
export type Step<State, Order> = {
  readonly state: State;
  readonly facts: readonly Fact[];
  readonly live: readonly LiveDelta[];
  readonly orders: readonly Order[];
};

export const stepped = <State, Order>(
  state: State,
  facts: readonly Fact[] = [],
  more: Partial<Pick<Step<State, Order>, "live" | "orders">> = {},
): Step<State, Order> => ({ state, facts, live: more.live ?? [], orders: more.orders ?? [] });

/** The facts of the first before those of the second. */
export const chained = <State, Order>(
  first: Step<State, Order>,
  next: (state: State) => Step<State, Order>,
): Step<State, Order> => {
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
