/** What the next daemon has to know of a turn that is under way. */
import type { Mark } from "./reading.ts";

export type TurnState = {
  readonly id: string;
  /** The prompt's beginning, without blanks: what its echo is known by. */
  readonly echo: string;
  readonly mark: Mark;
  /**
   * typing: a daemon that died meanwhile knows not whether the prompt reached the program. unsure: nobody answered meanwhile, so what
   * is not there yet may still come. typed: it did reach it.
   */
  readonly phase: "typing" | "unsure" | "typed";
};

export type State = {
  /** The program was ready for prompts once. */
  readonly ready: boolean;
  readonly turn: TurnState | null;
};

export const initialState: State = { ready: false, turn: null };

/** Of this version of the fold; what another one wrote is not understood, and the turn is read anew. */
const VERSION = 1;

export const toCheckpoint = (state: State): unknown => ({ version: VERSION, ...state });

export const fromCheckpoint = (checkpoint: unknown): State => {
  const found = checkpoint as ({ version?: number } & State) | null;
  if (found === null || found.version !== VERSION) return initialState;
  return { ready: found.ready, turn: found.turn };
};
