/** What the fold is told, and what a step of it gives back. */
import type { PermissionMode } from "@skein/contract";
import { chained, stepped, type Step } from "../lines/step.ts";
import type { State } from "./state.ts";

/** What the caller must do now. `refuse`: answer the request with a no. `interrupt`: end the run that is going on. */
export type Order =
  | { readonly order: "refuse"; readonly request: string; readonly message: string }
  | { readonly order: "interrupt"; readonly turn: string };

export type Folded = Step<State, Order>;

export type Settings = {
  readonly folder: string;
  readonly permissions: PermissionMode;
  /** As chosen for the session; null: the CLI's default. */
  readonly model: string | null;
  /** Of the process that runs; null when it is not known. */
  readonly pid: number | null;
  /** The id that a conversation without words will have; null: it has words, or nobody knows. */
  readonly reserved: string | null;
};

export const folded = stepped<State, Order>;
export const chain = chained<State, Order>;
