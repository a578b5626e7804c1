/** From the parrot's words to facts. Pure: no clock, no I/O, so that a recording is a test. */
import type { Fact } from "@skein/sdk";
import type { Word } from "./wire.ts";

/** Goes into the checkpoint, so it is JSON. */
export type State = { readonly ready: boolean; readonly turn: string | null };

export const beginning: State = { ready: false, turn: null };

export const fold = (state: State, word: Word): { state: State; facts: readonly Fact[] } => {
  switch (word.word) {
    case "ready": {
      const { pid } = word;
      const started = { pid, providerSessionId: null, model: null, adopted: false };
      return { state: { ...state, ready: true }, facts: [{ fact: "started", ...started }] };
    }
    case "took":
      return {
        state: { ...state, turn: word.turn },
        facts: [{ fact: "accepted", turn: word.turn }],
      };
    case "said": {
      const body = { kind: "message", text: word.text } as const;
      return { state, facts: [{ fact: "item", id: `said-${word.turn}`, body }] };
    }
    case "done": {
      const outcome = word.how === "well" ? ("completed" as const) : ("interrupted" as const);
      const end = { turn: word.turn, outcome, error: null, usage: null };
      return { state: { ...state, turn: null }, facts: [{ fact: "turn-ended", ...end }] };
    }
  }
};
