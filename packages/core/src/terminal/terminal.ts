/** A terminal as it is recorded: whose it is, where, what was started in it. Whether it runs, tmux knows. */
import { problem, type EventData, type NewEvent } from "@skein/contract";
import { rejection, type Context, type Decision, type Rejection } from "../decision.ts";

type Opened = EventData<"terminal.opened">;

export type TerminalRecord = Omit<Opened, "terminal" | "by"> & {
  readonly id: string;
  readonly createdAt: string;
  readonly closedAt: string | null;
};

export type TerminalInput =
  | ({ readonly type: "open" } & Omit<Opened, "by">)
  /** Something was typed into it: changes nothing, and may carry a receipt. */
  | { readonly type: "typed" }
  | { readonly type: "close"; readonly terminal: string };

const decision = (events: readonly NewEvent[]): Decision => ({
  ok: true,
  events,
  effects: [],
  claims: { take: [], release: [] },
  result: {},
});

/** One that is open is not opened again; one that was closed may be. */
export const decideTerminal = (
  state: TerminalRecord | null,
  input: TerminalInput,
  context: Context,
): Decision | Rejection => {
  if (input.type === "typed") return decision([]);
  const isOpen = state !== null && state.closedAt === null;
  if (input.type === "open") {
    const { type: _, ...opened } = input;
    if (isOpen) return decision([]);
    return decision([{ type: "terminal.opened", data: { ...opened, by: context.actor } }]);
  }
  if (state === null)
    return rejection(
      problem(
        "terminal_not_found",
        `There is no terminal ${input.terminal}.`,
        "List them with `skein terminal list`.",
      ),
    );
  if (!isOpen) return decision([]);
  return decision([
    { type: "terminal.closed", data: { terminal: input.terminal, by: context.actor } },
  ]);
};

export const evolveTerminal = (
  state: TerminalRecord | null,
  event: NewEvent,
  at: string,
): TerminalRecord | null => {
  if (event.type === "terminal.opened") {
    const { terminal: id, by: _, ...opened } = event.data;
    return { ...opened, id, createdAt: at, closedAt: null };
  }
  if (event.type === "terminal.closed" && state !== null) return { ...state, closedAt: at };
  return state;
};
