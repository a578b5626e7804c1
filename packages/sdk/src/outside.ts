/**
 * Conversations that were begun outside Skein, with the vendor's own program: found on a host's disk, looked at, taken over.
 * Looking never writes, and starts nothing.
 */
import type { ItemBody } from "@skein/contract";
import type { BackendContext } from "./driver.ts";

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
  /** There is more already. */
  readonly more: boolean;
};

/** Each rejects with an AdapterFailure when the host is out of reach. */
export type Outside = {
  /** The newest ones, newest first; those that Skein began too. */
  list(context: BackendContext): Promise<readonly OutsideConversation[]>;
  /** null: there is none of that id. */
  find(context: BackendContext, id: string): Promise<OutsideConversation | null>;
  read(context: BackendContext, id: string, from: number): Promise<OutsidePage | null>;
};

const newline = 10;

/** The whole lines in these bytes, each with the place of its first byte; what stands behind the last newline is not a line yet. */
export const wholeLines = (
  bytes: Uint8Array,
  from: number,
): readonly { readonly text: string; readonly at: number; readonly end: number }[] => {
  const lines = [];
  const decoder = new TextDecoder();
  for (let at = 0; ;) {
    const end = bytes.indexOf(newline, at);
    if (end === -1) return lines;
    const text = decoder.decode(bytes.subarray(at, end));
    lines.push({ text, at: from + at, end: from + end + 1 });
    at = end + 1;
  }
};
