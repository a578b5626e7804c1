/** Unified diff hunks, from what Claude Code tells of an edit. Pure. */
import { hunk } from "../hunk.ts";
import { list, number, string, type Json } from "./wire.ts";

/** The whole text of a new file, as one hunk. */
export const newText = (text: string): string => hunk("", text);

/** `structuredPatch` of a tool's result. */
export const patchText = (patch: readonly Json[]): string =>
  patch
    .flatMap((one) => [
      `@@ -${number(one["oldStart"])},${number(one["oldLines"])} +${number(one["newStart"])},${number(one["newLines"])} @@`,
      ...list(one["lines"]).map((line) => string(line) ?? ""),
    ])
    .join("\n");
