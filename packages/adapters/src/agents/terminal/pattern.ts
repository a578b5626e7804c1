/**
 * A regular expression that somebody else wrote, tried on a line that somebody else wrote: it gets a deadline, because a
 * backtracking one can take years. V8 checks the deadline inside the matching (Node 26.10: `vm` ends it to the millisecond).
 */
import { createContext, Script, type Context } from "node:vm";

const DEADLINE_MS = 50;
/** What stands further right on a line decides nothing: a prompt is short. */
const LINE_CHARS = 1_000;

export type Pattern = {
  /** null: it did not come to an end in time; it is not tried again. */
  test(line: string): boolean | null;
};

/** null: it is no regular expression. */
export const makePattern = (source: string): Pattern | null => {
  let context: Context;
  try {
    // Compiled once; the sandbox holds strings only, and can make no code of them.
    context = createContext(
      { test: new RegExp(source, "u"), line: "" },
      { codeGeneration: { strings: false, wasm: false } },
    );
  } catch {
    return null;
  }
  const script = new Script("test.test(line)");
  let hopeless = false;
  return {
    test: (line) => {
      if (hopeless) return null;
      context["line"] = line.slice(0, LINE_CHARS);
      try {
        return script.runInContext(context, { timeout: DEADLINE_MS }) === true;
      } catch {
        hopeless = true;
        return null;
      }
    },
  };
};

/** Screens lose the blanks at the end of a line: `> $` is meant all the same. */
export const matches = (pattern: Pattern, line: string): boolean | null => {
  const bare = pattern.test(line);
  return bare === false ? pattern.test(`${line} `) : bare;
};
