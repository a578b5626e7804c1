/** From what a caller says to a terminal, and from its record and what tmux holds to what is shown. */
import {
  cleanTitle,
  refuse,
  type Session,
  type Terminal,
  type TerminalState,
} from "@skein/contract";
import type { TerminalRecord } from "@skein/core";
import { terminalOf } from "@skein/sdk";
import { noHost } from "./admission.ts";
import { readTerminalRow } from "../engine/small-kinds.ts";
import { findSession } from "./find.ts";
import type { HeldTerminal, OperationDeps, TerminalsPort } from "./ports.ts";

/** Also one that is not whole: no session's name begins so. */
const isTerminalId = (ref: string): boolean => ref.startsWith("trm_");
export const sessionOf = (terminal: string): string => terminal.replace(/^trm_/, "ses_");

const noTerminal = (ref: string) =>
  refuse(
    "terminal_not_found",
    `There is no terminal ${JSON.stringify(ref)}.`,
    "List them with `skein terminal list`, or open one with `skein terminal open`.",
    { terminal: ref },
  );

/** An agent's terminal is there from its session's beginning, whoever opens it. */
export const agentTerminal = (session: Session): TerminalRecord => ({
  id: terminalOf(session.id),
  host: session.host,
  folder: session.folder,
  session: session.id,
  runs: session.program === null ? "agent" : "program",
  argv: session.program?.argv ?? [],
  columns: 120,
  rows: 40,
  createdAt: session.createdAt,
  closedAt: null,
});

export const runsInTerminal = ({ interface: held }: Session): boolean => held === "tui";

export const recordOf = async (
  { store }: OperationDeps,
  id: string,
): Promise<TerminalRecord | null> => {
  const row = await store.row("terminal", id);
  const record = row === null ? null : readTerminalRow(row);
  return record === null || record.closedAt !== null ? null : record;
};

const ofSession = async (deps: OperationDeps, ref: string): Promise<TerminalRecord> => {
  const { view } = await findSession(deps.store, ref);
  const record = await recordOf(deps, terminalOf(view.id));
  if (record !== null) return record;
  if (runsInTerminal(view) && view.deletedAt === null) return agentTerminal(view);
  throw refuse(
    "terminal_not_found",
    `The session ${view.name} has no terminal open.`,
    `Open it with \`skein terminal open ${view.name}\`.`,
    { terminal: ref },
  );
};

/** By its own id, or by its session's id or name. Rejects with a Refusal. */
export const findTerminal = async (deps: OperationDeps, ref: string): Promise<TerminalRecord> => {
  if (!isTerminalId(ref)) return ofSession(deps, ref);
  const record = await recordOf(deps, ref);
  if (record !== null) return record;
  const row = await deps.store.row("session", sessionOf(ref));
  if (row === null) throw noTerminal(ref);
  return ofSession(deps, row.id);
};

export const portOf = (deps: OperationDeps, host: string): TerminalsPort => {
  const port = deps.terminals(host);
  if (port !== undefined) return port;
  throw noHost(deps, host);
};

const stateOf = (
  held: readonly HeldTerminal[] | null,
  pane: HeldTerminal | undefined,
): Terminal["state"] => {
  if (held === null) return "unknown";
  if (pane === undefined) return "gone";
  return pane.dead ? "ended" : "running";
};

const shown = (record: TerminalRecord) => ({
  id: record.id,
  host: record.host,
  folder: record.folder,
  session: record.session,
  runs: record.runs,
  argv: [...record.argv],
  createdAt: record.createdAt,
  closedAt: record.closedAt,
});

export const viewTerminal = (
  record: TerminalRecord,
  held: readonly HeldTerminal[] | null,
  viewers: number,
): Terminal => {
  const pane = held?.find(({ id }) => id === record.id);
  return {
    ...shown(record),
    title: pane === undefined || pane.title === "" ? null : cleanTitle(pane.title),
    columns: pane?.columns ?? record.columns,
    rows: pane?.rows ?? record.rows,
    state: stateOf(held, pane),
    exitCode: pane?.exitCode ?? null,
    viewers,
  };
};

/** As somebody sees it who is attached. */
export const viewLive = (
  record: TerminalRecord,
  live: {
    readonly size: { readonly columns: number; readonly rows: number };
    readonly title: string;
    readonly program: TerminalState;
    readonly viewers: number;
  },
): Terminal => ({
  ...shown(record),
  title: live.title === "" ? null : live.title,
  ...live.size,
  state: live.program.state,
  exitCode: live.program.state === "ended" ? live.program.exitCode : null,
  viewers: live.viewers,
});
