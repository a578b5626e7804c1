/**
 * What is said of a program that is quiet and has not shown what it was to show: in its status soon, as a line in the conversation
 * when it lasts. Nothing is concluded from it: it may think, or ask something, or the pattern may be wrong.
 */
import type { Fact } from "@skein/sdk";
import type { Program } from "@skein/contract";

/** A program may well be silent for a moment in the middle of its work. */
const SOON_MS = 2_000;
const LONG_MS = 30_000;
const LINE_CHARS = 200;

const shown = (line: string): string => {
  const trimmed = line.trim();
  if (trimmed === "") return "its screen is empty";
  const { length } = trimmed;
  return `its last line is: ${length <= LINE_CHARS ? trimmed : `${trimmed.slice(0, LINE_CHARS)}…`}`;
};

/** What is waited for, and what is there instead. */
export const unreadyWords = (
  { ready, marker }: Pick<Program, "ready" | "marker">,
  line: string,
): string => {
  const wanted = [
    ...(ready === undefined ? [] : [`a last line that matches ${ready}`]),
    ...(marker === undefined ? [] : [`the text ${marker}`]),
  ];
  return `it is waited for ${wanted.join(" or ")}; ${shown(line)}`;
};

type Stalled = {
  /** It is quiet, for so long, with this last line. */
  readonly unready: (line: string, quietForMs: number) => void;
  readonly changed: () => void;
};

/** Of one turn. `tell` gets each word once, in order. */
export const makeStalled = (program: Program, tell: (fact: Fact) => void): Stalled => {
  let said: string | null = null;
  let isNoticed = false;
  return {
    unready: (line, quietForMs) => {
      const words = unreadyWords(program, line);
      if (quietForMs >= SOON_MS && words !== said) {
        said = words;
        tell({ fact: "stalled", reason: words });
      }
      if (quietForMs < LONG_MS || isNoticed) return;
      isNoticed = true;
      const text = `The program has been quiet for ${Math.round(quietForMs / 1_000)} s, and its turn is not over: ${words}. Attach to see what it wants; \`skein interrupt\` ends the turn.`;
      tell({ fact: "notice", level: "warning", text });
    },
    changed: () => {
      if (said === null) return;
      said = null;
      tell({ fact: "stalled", reason: null });
    },
  };
};
