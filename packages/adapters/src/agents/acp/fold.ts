/** What a step of the fold gives back, and how steps are joined. */
import type { PermissionMode } from "@skein/contract";
import type { Fact, LiveDelta } from "@skein/sdk";
import type { AcpAgent } from "./agents.ts";
import type { Conversation } from "./handshake.ts";
import type { State } from "./state.ts";

export type Folded = {
  readonly state: State;
  readonly facts: readonly Fact[];
  readonly live: readonly LiveDelta[];
  /** To be written to the agent now. */
  readonly frames: readonly string[];
};

/** What the session is, as far as the fold must know. */
export type Settings = {
  readonly agent: AcpAgent;
  readonly generation: number;
  readonly folder: string;
  /** The state folder: never written unasked. */
  readonly home: string;
  readonly permissions: PermissionMode;
  readonly model: string | null;
  readonly effort: string | null;
  readonly conversation: Conversation;
  /** Of the process that runs; null when it is not known. */
  readonly pid: number | null;
};

export const folded = (
  state: State,
  facts: readonly Fact[] = [],
  more: Partial<Pick<Folded, "live" | "frames">> = {},
): Folded => ({ state, facts, live: more.live ?? [], frames: more.frames ?? [] });

/** The facts of the first before those of the second. */
export const chain = (first: Folded, next: (state: State) => Folded): Folded => {
  const second = next(first.state);
  return {
    state: second.state,
    facts: [...first.facts, ...second.facts],
    live: [...first.live, ...second.live],
    frames: [...first.frames, ...second.frames],
  };
};

export const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> => {
  const { [key]: _, ...rest } = record;
  return rest;
};
