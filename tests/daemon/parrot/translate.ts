/** From the parrot's words to facts. Pure: no clock, no I/O, so that a recording is a test. */
import { stepped, type Step } from "@skein/adapters/lines";
import type { Word } from "./wire.ts";

/** Goes into the checkpoint, so it is JSON. */
export type State = { readonly ready: boolean; readonly turn: string | null };

export const beginning: State = { ready: false, turn: null };

export const fold = (state: State, word: Word): Step<State, never> => {
  switch (word.word) {
    case "ready": {
      const { pid } = word;
      const started = { pid, providerSessionId: null, model: null, adopted: false };
      return stepped({ ...state, ready: true }, [{ fact: "started", ...started }]);
    }
    case "took":
      return stepped({ ...state, turn: word.turn }, [{ fact: "accepted", turn: word.turn }]);
    case "said": {
      const body = { kind: "message", text: word.text } as const;
      return stepped(state, [{ fact: "item", id: `said-${word.turn}`, body }]);
    }
    case "done": {
      const outcome = word.how === "well" ? ("completed" as const) : ("interrupted" as const);
      const end = { turn: word.turn, outcome, error: null, usage: null };
      return stepped({ ...state, turn: null }, [{ fact: "turn-ended", ...end }]);
    }
  }
};
