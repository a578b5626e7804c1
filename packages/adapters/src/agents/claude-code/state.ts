/** What the fold remembers. Small JSON: it is recorded with every report, and the next daemon goes on from it. */
import type { ItemBody, TurnError } from "@skein/contract";
import type { Tokens } from "./wire.ts";

export type Given = {
  readonly uuid: string;
  readonly prompt: string;
  readonly text: string;
};

export type TurnState = Given & {
  readonly id: string;
  /** When it was given, milliseconds since the epoch; 0: not known. */
  readonly since: number;
  /** Its run has begun: it must not be given again. */
  readonly accepted: boolean;
  /** The CLI has shown us the prompt again: what it says now is about this turn. */
  readonly echoed: boolean;
  readonly interrupting: boolean;
  /** Decided before the CLI said so (a login that fails forever): what the turn will have ended with. */
  readonly verdict: TurnError | null;
  /** The word of the CLI for what went wrong (`authentication_failed`, `rate_limit`, ...), as last heard. */
  readonly fault: string | null;
  /** An answer broke off. */
  readonly broke: boolean;
};

export type Ask = {
  readonly tool: string;
  readonly toolUse: string | null;
  /** Where its line begins in the spool: its input may be large, and is read again when it is answered. */
  readonly at: number;
  /** Refused by the driver itself, in read-only mode. */
  readonly refused: boolean;
};

export type State = {
  /** The process answered `initialize`. */
  readonly ready: boolean;
  /** The vendor's id of the conversation as last told. */
  readonly conversation: string | null;
  readonly model: string | null;
  readonly turn: TurnState | null;
  /** Whose run it is that the CLI is in: of our prompt, of its own accord, or none. */
  readonly run: "none" | "ours" | "own";
  /** A background task ended: the next run may be the agent's own. */
  readonly notified: boolean;
  /** Words given to the turn in progress that it has not taken yet, by uuid. */
  readonly steers: readonly Given[];
  readonly asks: Readonly<Record<string, Ask>>;
  /** Tool calls without a result. Long texts are cut: the result brings them whole. */
  readonly tools: Readonly<Record<string, ItemBody>>;
  readonly declined: readonly string[];
  /** What has been counted of the process's growing sums. */
  readonly counted: { readonly tokens: Tokens; readonly costUsd: number };
  /** The message that streams now and its block; null when none does. */
  readonly stream: { readonly message: string; readonly index: number } | null;
  /** The newest message and how many of its blocks have come whole. */
  readonly blocks: { readonly message: string; readonly count: number };
  /** A frame too large to be written at once that is on its way: the turn's or the request's id. */
  readonly writing: string | null;
  readonly garbage: number;
};

export const noTokens: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

export const initialState: State = {
  ready: false,
  conversation: null,
  model: null,
  turn: null,
  run: "none",
  notified: false,
  steers: [],
  asks: {},
  tools: {},
  declined: [],
  counted: { tokens: noTokens, costUsd: 0 },
  stream: null,
  blocks: { message: "", count: 0 },
  writing: null,
  garbage: 0,
};

/** The text of a prompt is the daemon's to keep, and may be a megabyte: it is left out, and put back from the context. */
const withoutText = (given: Given): Given => ({ ...given, text: "" });

/** The state as it is recorded. */
export const recorded = (state: State): State => ({
  ...state,
  turn: state.turn === null ? null : { ...state.turn, text: "" },
  steers: state.steers.map(withoutText),
});
