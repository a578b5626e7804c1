/**
 * Terminals of one host, as drivers use them: held by tmux on Skein's own socket, alive whatever becomes of the daemon.
 * A terminal is known by its id (`trm_...`); the terminal of a session has the id `terminalOf(session)`.
 */
import type { Exit, Host, Liveness, Owner, ProcessRef } from "./host.ts";

/** Where systems keep their programs, whatever a login's PATH says. */
export const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

/** The tmux of a host, by the one way that all of Skein looks for it; null: there is none. Rejects when the host is away. */
export const findTmux = async (
  host: Pick<Host, "environment" | "which">,
): Promise<string | null> => {
  const { PATH } = await host.environment();
  return (await host.which("tmux", PATH)) ?? (await host.which("tmux", SYSTEM_PATH));
};

/** Keys that may be pressed; text goes by `paste`. */
export const TERMINAL_KEYS = [
  "Enter",
  "Escape",
  "Tab",
  "BTab",
  "Up",
  "Down",
  "Left",
  "Right",
  "Home",
  "End",
  "PageUp",
  "PageDown",
  "BSpace",
  "Space",
  "C-c",
  "C-d",
  "C-u",
  "C-z",
] as const;
export type TerminalKey = (typeof TERMINAL_KEYS)[number];

export type TerminalSpec = {
  readonly id: string;
  /** What tmux calls it, for people who look there: letters, digits and hyphens. Default: `aises-` and the id's own part. */
  readonly name?: string;
  /** Program and arguments; never a shell string. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment, apart from the owner's marks and TERM. It never stands in an argument list. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Whose processes run in it: what a sweep of that owner ends. */
  readonly owner: Owner;
  readonly columns: number;
  readonly rows: number;
};

export type TerminalLook = {
  /** `alive`: its program runs. `dead`: it ended, or there is no such terminal. `unknown`: tmux or the host did not answer. */
  readonly liveness: Liveness;
  /** Whether tmux holds it, running or ended; false also while that is not known. */
  readonly held: boolean;
  readonly process: ProcessRef | null;
  readonly exit: Pick<Exit, "exitCode" | "signal"> | null;
};

export type Screen = {
  readonly columns: number;
  readonly rows: number;
  /** Plain text, one string for each line, without trailing blanks; `history` lines of scrollback first. */
  readonly lines: readonly string[];
  readonly history: number;
  readonly cursor: { readonly column: number; readonly row: number };
  readonly title: string;
};

export type Terminals = {
  /**
   * Starts the program in the terminal of that id: a new one, or, where its last program has ended, in the same one, so that
   * whoever looks at it goes on looking. One that runs for the same owner is left as it is. Rejects with an AdapterFailure, and
   * leaves nothing behind then.
   */
  open(spec: TerminalSpec): Promise<TerminalLook>;
  look(id: string): Promise<TerminalLook>;
  /**
   * Pastes text (bracketed when the program asked for that), whole and literally: control characters but newline and tab are
   * taken out, no byte of it is a key. In order with other calls. Rejects with an AdapterFailure when nothing runs there.
   */
  paste(id: string, text: string): Promise<void>;
  keys(id: string, keys: readonly TerminalKey[]): Promise<void>;
  screen(id: string, history?: number): Promise<Screen>;
  /** Resolves once the program of the terminal is dead; rejects when the signal aborts. */
  ended(id: string, signal: AbortSignal): Promise<Pick<Exit, "exitCode" | "signal">>;
  /** What it writes from now on, as bytes, until its program ends or the signal aborts. A slow reader misses the oldest. */
  output(id: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Ends the program and the terminal. No error when there is none. */
  close(id: string): Promise<void>;
};

/** ses_X has the terminal trm_X. */
export const terminalOf = (session: string): string => session.replace(/^ses_/, "trm_");
