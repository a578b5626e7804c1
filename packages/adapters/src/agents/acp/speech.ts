/** Words that come in pieces: shown as they come, told as one item when they are over. Pure. */
import type { Fact } from "@skein/sdk";
import { itemId } from "./calls.ts";
import { chain, folded, type Folded, type Settings } from "./fold.ts";
import type { Speech, State } from "./state.ts";
import { object, string, type Json } from "./wire.ts";

/** An answer beyond this is told in parts: what the fold remembers goes to disk with every report. */
const maxChars = 1024 * 1024;

const itemOf = ({ item, kind, text }: Speech): Fact => ({
  fact: "item",
  id: item,
  body: { kind, text },
});

/** Words that belong to no turn have been told with each piece: told again, they could count as the next turn's. */
export const settleSpeech = (state: State): Folded => {
  const { speech } = state;
  if (speech === null) return folded(state);
  const next = { ...state, speech: null };
  return folded(next, speech.text === "" || state.turn === null ? [] : [itemOf(speech)]);
};

const isSame = (speech: Speech | null, kind: Speech["kind"], message: string | null): boolean =>
  speech !== null &&
  speech.kind === kind &&
  speech.message === message &&
  speech.text.length < maxChars;

export const spoken = (
  state: State,
  kind: Speech["kind"],
  update: Json,
  settings: Settings,
): Folded => {
  const text = string(object(update["content"])["text"]) ?? "";
  if (text === "") return folded(state);
  const message = string(update["messageId"]);
  if (!isSame(state.speech, kind, message)) {
    return chain(settleSpeech(state), (before) => {
      const items = before.items + 1;
      const item = itemId(settings.generation, `${kind}:${items}`);
      const speech: Speech = { item, kind, message, text: "" };
      return spoken({ ...before, items, speech }, kind, update, settings);
    });
  }
  const speech = { ...state.speech!, text: state.speech!.text + text };
  const live = [{ item: speech.item, kind, text }];
  // Words that belong to no turn have no end that would settle them.
  if (state.turn === null) return folded({ ...state, speech }, [itemOf(speech)], { live });
  return folded({ ...state, speech }, [], { live });
};
