/** What the fold remembers. Small JSON: it is recorded with every report, and the next daemon goes on from it. */
import type { Json, RequestId } from "./wire.ts";

/** The agent's own words on what it is, from `initialize`. */
export type Known = {
  readonly name: string | null;
  readonly version: string | null;
  readonly load: boolean;
  readonly resume: boolean;
  readonly fork: boolean;
};

/** Requests that make a session what was asked for, in order; the first is under way. */
export type Setting = {
  readonly what: "mode" | "model" | "effort";
  readonly method: string;
  readonly params: Json;
};

/** `settling`: an old conversation was loaded, and may still be being told. */
type Phase = "initialize" | "open" | "configure" | "settling" | "ready" | "failed";

export type TurnState = {
  readonly id: string;
  /** When it was given, milliseconds since the epoch. */
  readonly since: number;
  /** Written whole into the agent's stdin, or answered: it must not be given again. */
  readonly accepted: boolean;
  readonly interrupting: boolean;
  /** Taken back because nobody could tell whether it had been given: this is then what the turn ends with. */
  readonly doubted: boolean;
  /** The agent has said or done something for it. */
  readonly worked: boolean;
};

export type Ask = {
  readonly id: RequestId;
  readonly call: string;
  readonly options: readonly { readonly id: string; readonly kind: string }[];
};

/** A tool call as its updates make it, long texts cut: what it shows is made of this each time. */
export type Call = {
  readonly kind: string;
  readonly tool: string | null;
  readonly title: string;
  readonly input: Json;
  readonly diffs: readonly Diff[];
  readonly paths: readonly string[];
  readonly text: string;
  readonly exitCode: number | null;
  readonly declined: boolean;
};

export type Diff = {
  readonly path: string;
  readonly old: string | null;
  readonly next: string;
  readonly isNew: boolean;
};

/** Words that come in pieces. */
export type Speech = {
  readonly item: string;
  readonly kind: "message" | "reasoning";
  readonly message: string | null;
  readonly text: string;
};

export type State = {
  readonly phase: Phase;
  /** Why the handshake ended, in phase `failed`. */
  readonly failure: {
    readonly step: string;
    readonly code: number;
    readonly message: string;
  } | null;
  readonly known: Known;
  /** The agent's id of the conversation that this process serves. */
  readonly conversation: string | null;
  /** Whether the daemon has been told of it: only when there are words in it. */
  readonly told: boolean;
  readonly model: string | null;
  /** The names of its commands, of an agent where they matter; null: not told yet. */
  readonly commands: readonly string[] | null;
  readonly settings: readonly Setting[];
  readonly turn: TurnState | null;
  readonly asks: Readonly<Record<string, Ask>>;
  readonly calls: Readonly<Record<string, Call>>;
  readonly speech: Speech | null;
  /** How many items of ours have been begun: their ids are counted. */
  readonly items: number;
  /** The agent's sum of dollars, as counted so far; null: not known yet. */
  readonly cost: number | null;
  readonly costNow: number | null;
  /** Lines that were left out since the last turn began. */
  readonly garbage: number;
};

const unknown: Known = { name: null, version: null, load: false, resume: false, fork: false };

export const initialState: State = {
  phase: "initialize",
  failure: null,
  known: unknown,
  conversation: null,
  told: false,
  model: null,
  commands: null,
  settings: [],
  turn: null,
  asks: {},
  calls: {},
  speech: null,
  items: 0,
  cost: null,
  costNow: null,
  garbage: 0,
};
