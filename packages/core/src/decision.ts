/**
 * What a decision is. `decide` gets values and returns values: the clock, ids and policy come in the context.
 */
import type { NewEvent, Problem } from "@skein/contract";
import type { Effect } from "./effect.ts";

export type Context = {
  /** ISO 8601, UTC. */
  readonly now: string;
  /** Who asks: a token's label, `local`, or the house itself. */
  readonly actor: string;
  /** A fresh id, such as `trn_…`; never the same twice. */
  readonly id: (prefix: "ses" | "apr" | "trn" | "prm" | "eff" | "tok") => string;
  /** Whether someone else holds this name now. */
  readonly taken: (name: string) => boolean;
};

export type Claims = { readonly take: readonly string[]; readonly release: readonly string[] };

export type Decision = {
  readonly ok: true;
  readonly events: readonly NewEvent[];
  readonly effects: readonly Effect[];
  /** Names taken and given back. */
  readonly claims: Claims;
  /** What the caller is told beside the view of the new state. */
  readonly result: Readonly<Record<string, unknown>>;
};

export type Rejection = { readonly ok: false; readonly problem: Problem };

export const rejection = (value: Problem): Rejection => ({ ok: false, problem: value });
