/**
 * A regular expression that somebody else wrote, tried on a line that somebody else wrote: it gets a deadline, because a
 * backtracking one can take years. V8 checks the deadline inside the matching (Node 26.10: `vm` ends it to the millisecond).
 */
import { createContext, Script, type Context } from "node:vm";

const DEADLINE_MS = 50;
/** So much of a processor it may take; on a machine that is busy with others the deadline comes sooner, and it goes on then. */
const WORK_MS = 25;
const TRIES = 20;
/** What stands further right on a line decides nothing: a prompt is short. */
const LINE_CHARS = 1_000;

type Pattern = {
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
  const attempt = (): boolean | null => {
    try {
      return script.runInContext(context, { timeout: DEADLINE_MS }) === true;
    } catch {
      return null;
    }
  };
  return {
    test: (line) => {
      context["line"] = line.slice(0, LINE_CHARS);
      const before = process.threadCpuUsage();
      for (let tries = 0; !hopeless && tries < TRIES; tries++) {
        const found = attempt();
        if (found !== null) return found;
        const { user, system } = process.threadCpuUsage(before);
        hopeless = (user + system) / 1_000 >= WORK_MS;
      }
      return hopeless ? null : false;
    },
  };
};

/** Screens lose the blanks at the end of a line: `> $` is meant all the same. */
export const matches = (pattern: Pattern, line: string): boolean | null => {
  const bare = pattern.test(line);
  return bare === false ? pattern.test(`${line} `) : bare;
};
