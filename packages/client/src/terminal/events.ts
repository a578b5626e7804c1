/** What a terminal's client hears and says: shapes, without the code that does it. */
import type { Problem, TerminalCloseReason, TerminalServerFrame } from "@skein/contract";
import type { TransportFailure } from "../failure.ts";

export type Attached = Extract<TerminalServerFrame, { type: "attached" }>;
export type TerminalSize = { readonly columns: number; readonly rows: number };

/** How one input ended. unsure: it may have been typed or not; nobody types it again. */
export type Typed =
  | "typed"
  | "ended"
  | "unreachable"
  | "unsure"
  | "too_large"
  | "not_text"
  | "read_only"
  /** The terminal's connection ended before that was known. */
  | "closed";

/** What must not throw, each called in the order of the stream. */
export type TerminalEvents = {
  /** Connected, and connected again. `how`: whether a snapshot follows. */
  readonly attached?: (attached: Attached) => void;
  /** All that the terminal shows: it replaces what is shown. `done` is called when it has been worked through. */
  readonly snapshot: (bytes: Uint8Array, done: () => void) => void;
  /** What follows on that, each byte once. `done` is called when it has been worked through: that sets the pace. */
  readonly output: (bytes: Uint8Array, done: () => void) => void;
  /** `writer`: the client whose size rules; null: nobody's yet. */
  readonly size?: (size: TerminalSize & { readonly writer: string | null }) => void;
  readonly title?: (title: string) => void;
  readonly program?: (state: Attached["program"]) => void;
  /**
   * So many bytes that were typed wait here until the terminal's host answers again; 0: none do. Then they are typed, or told as
   * `unreachable` where something before them may be lost, or where they are too many.
   */
  readonly kept?: (bytes: number) => void;
  /** No connection came about or one broke; another attempt follows after a pause. */
  readonly lost?: (why: {
    readonly reason: TerminalCloseReason | "cut";
    readonly message: string;
  }) => void;
};

/** Why it is over for good. */
export type TerminalEnd =
  | { readonly reason: "left" }
  | { readonly reason: TerminalCloseReason; readonly message: string }
  /** Not let in. */
  | { readonly reason: "refused"; readonly problem: Problem }
  /** The daemon stayed away for too long, or what answers is no terminal. */
  | { readonly reason: "failed"; readonly failure: TransportFailure };
