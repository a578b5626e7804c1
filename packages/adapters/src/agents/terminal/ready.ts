/** Which line says that a program waits for its next prompt. */
import type { Program } from "@skein/contract";
import { makePattern, matches } from "./pattern.ts";

export type Ready = {
  /** Whether a turn may be over with this last line on a quiet screen. */
  readonly allows: (line: string) => boolean;
  /** Whether this line is the program's own prompt, and no part of an answer. */
  readonly isPrompt: (line: string) => boolean;
};

/** Without a pattern quiet alone counts, or with a marker nothing but that. `hopeless` is called once, when the pattern does not come to an end. */
export const readiness = ({ ready, marker }: Program, hopeless: () => void): Ready => {
  const pattern = ready === undefined ? null : makePattern(ready);
  if (pattern === null) return { allows: () => marker === undefined, isPrompt: () => false };
  let isTold = false;
  const test = (line: string): boolean | null => {
    const found = matches(pattern, line);
    if (found === null && !isTold) {
      isTold = true;
      hopeless();
    }
    return found;
  };
  return { allows: (line) => test(line) ?? true, isPrompt: (line) => test(line) === true };
};
