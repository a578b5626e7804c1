/** How far a process's words have been read, and what was made of them: recorded with every report, and given to the next daemon. */
import type { SessionContext } from "@skein/sdk";

/** `state`: JSON. */
export type Place<State> = {
  readonly state: State;
  /** The spool has been read up to this byte. */
  readonly offset: number;
};

type Checkpoint<State> = Place<State> & { readonly version: 1; readonly generation: number };

export const toCheckpoint = <State>(
  { state, offset }: Place<State>,
  generation: number,
): Checkpoint<State> => ({ version: 1, generation, offset, state });

/** Another generation's, or another version's, or damaged: as if there were none. What an older Skein did not know is as in `initial`. */
export const fromCheckpoint = <State extends object>(
  { checkpoint, generation }: Pick<SessionContext, "checkpoint" | "generation">,
  initial: State,
): Place<State> => {
  const found = checkpoint as Partial<Checkpoint<State>> | null | undefined;
  const fits =
    typeof found === "object" &&
    found !== null &&
    found.version === 1 &&
    found.generation === generation &&
    typeof found.offset === "number" &&
    typeof found.state === "object";
  if (!fits) return { state: initial, offset: 0 };
  return { state: { ...initial, ...found.state }, offset: found.offset ?? 0 };
};
