/** A terminal's title as its program set it, made a line of text: nothing in it is obeyed, and it reads as it is written. */
import { LIMITS } from "./limits.ts";

/** C0, DEL, C1, the ends of lines. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
/** What turns the direction of text: marks, embeddings, overrides, isolates. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export const cleanTitle = (title: string): string =>
  Array.from(title.replace(CONTROL, " ").replace(TURNING, ""))
    .slice(0, LIMITS.terminalTitleChars)
    .join("");
