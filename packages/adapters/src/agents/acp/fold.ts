/** What the fold is told, and what a step of it gives back. */
import type { PermissionMode } from "@skein/contract";
import { chained, stepped, type Step } from "../lines/step.ts";
import type { AcpAgent } from "./agents.ts";
import type { State } from "./state.ts";

/** A frame that is to be written to the agent now. */
export type Order = string;

export type Folded = Step<State, Order>;

/** The conversation that a process serves: a new one, an old one, or a copy of an old one. */
export type Conversation =
  | { readonly how: "new" }
  | { readonly how: "resume"; readonly id: string }
  | { readonly how: "fork"; readonly from: string };

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

export const folded = stepped<State, Order>;
export const chain = chained<State, Order>;
