/**
 * Conversations that were begun outside Skein, with the vendor's own program: found on a host's disk, looked at, taken over.
 * Looking never writes, and starts nothing.
 */
import { LIMITS, type ItemBody } from "@skein/contract";
import type { BackendContext } from "./backend-context.ts";
import type { Files } from "./host.ts";

export type OutsideConversation = {
  /** The vendor's id. */
  readonly id: string;
  readonly folder: string;
  readonly title: string | null;
  /** ISO 8601; null: not told. */
  readonly startedAt: string | null;
  /** When its file was last written, ISO 8601, by the host's clock. */
  readonly activeAt: string;
  /** Whether a program has it open now. `unknown`: that cannot be told there. */
  readonly held: "yes" | "no" | "unknown";
};

export type OutsidePage = {
  /** Upserted by id: one that was still running may come again. */
  readonly items: readonly {
    readonly id: string;
    readonly at: string | null;
    readonly body: ItemBody;
  }[];
  /** Read on from this byte. */
  readonly next: number;
  /** There is more already; `next` is then beyond the place that was asked for. */
  readonly more: boolean;
};

/** One of them, where its file lies. */
export type OutsideReader = {
  /** Bytes it has now. */
  readonly bytes: number;
  describe(): Promise<OutsideConversation | null>;
  /** From a byte that an earlier page gave as `next`; from any other the line that begins before it is left out. */
  read(from: number): Promise<OutsidePage>;
};

/** Each rejects with an AdapterFailure when the host is out of reach. */
export type Outside = {
  /** The newest ones, newest first; those that Skein began too. */
  list(context: BackendContext): Promise<readonly OutsideConversation[]>;
  /** null: there is none of that id. */
  open(context: BackendContext, id: string): Promise<OutsideReader | null>;
};

export type FileLine = { readonly text: string; readonly at: number; readonly end: number };

const newline = 10;

/** The whole lines in these bytes, each with the place of its first byte; what stands behind the last newline is not a line yet. */
export const wholeLines = (bytes: Uint8Array, from: number): readonly FileLine[] => {
  const lines: FileLine[] = [];
  const decoder = new TextDecoder();
  for (let at = 0; ;) {
    const end = bytes.indexOf(newline, at);
    if (end === -1) return lines;
    const text = decoder.decode(bytes.subarray(at, end));
    lines.push({ text, at: from + at, end: from + end + 1 });
    at = end + 1;
  }
};

/** What a file that anybody may have written says of a time, as it is recorded; null: it is none. */
export const instant = (value: unknown): string | null => {
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : new Date(at).toISOString();
};

/**
 * A page of whole lines of a file from a byte. A line that is longer than a page is left out, up to LIMITS.wireLineBytes of it
 * at once, so that `next` is always beyond `from` while there is more.
 */
export const readLines = async (
  files: Files,
  path: string,
  from: number,
  pageBytes: number,
): Promise<{
  readonly lines: readonly FileLine[];
  readonly next: number;
  readonly more: boolean;
}> => {
  for (let at = from; at - from < LIMITS.wireLineBytes; at += pageBytes) {
    const bytes = await files.read(path, { maxBytes: pageBytes, from: at });
    const isFull = bytes !== null && bytes.length === pageBytes;
    const lines = bytes === null ? [] : wholeLines(bytes, at);
    // The rest of a line whose beginning was left out is no line.
    const kept = at === from ? lines : lines.slice(1);
    const next = lines.at(-1)?.end;
    if (next !== undefined) return { lines: kept, next, more: isFull };
    if (!isFull) return { lines: [], next: from, more: false };
  }
  return { lines: [], next: from + LIMITS.wireLineBytes, more: true };
};
