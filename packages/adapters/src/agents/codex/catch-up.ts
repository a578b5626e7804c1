/**
 * What happened while nobody listened: turns and items out of the history, told as if they had just come, each once.
 * Codex 0.169.0 gives them with thread/resume (`initialTurnsPage`, items in full): there, and nowhere else, with the items
 * that are still in progress, but for words: of those only the whole ones. Pure.
 */
import type { Fact } from "@skein/sdk";
import type { ThreadItem, ThreadStatus, Turn } from "./generated/protocol.ts";
import type { State } from "./state.ts";
import {
  accept,
  chain,
  enter,
  folded,
  itemCompleted,
  itemStarted,
  turnCompleted,
  withdrawAll,
  type Folded,
} from "./translate.ts";
import { later, type Totals } from "./usage.ts";
import { turnOfClientId } from "./wire.ts";

export type Page = {
  /** The newest turns, oldest first. */
  readonly turns: readonly Turn[];
  readonly status: ThreadStatus;
  /** The thread's tokens now, where they could be read. */
  readonly totals: Totals | null;
};

/** Nothing of the history is news: a thread that begins here, with a past. */
export const skipHistory = (state: State, turns: readonly Turn[]): State => {
  const last = turns.at(-1);
  if (last === undefined) return state;
  const past = { id: last.id, ours: null, outcome: "completed", error: null, usage: null } as const;
  return { ...state, ended: past };
};

/** The turns after the newest one that is known to have ended; the one in progress is always among them. */
const news = (state: State, turns: readonly Turn[]): readonly Turn[] => {
  const known = turns.findIndex(({ id }) => id === state.ended?.id);
  if (known !== -1) return turns.slice(known + 1);
  const current = turns.findIndex(({ id }) => id === state.turn?.id);
  return current === -1 ? turns : turns.slice(current);
};

const isDone = (item: ThreadItem, turn: Turn): boolean =>
  turn.status !== "inProgress" || (item.completedAtMs ?? null) !== null;

/** What follows the checkpoint's floor, and what was in progress then, wherever it stands now. */
const untold = (state: State, turn: Turn): readonly ThreadItem[] => {
  const floor = turn.items.findIndex(({ id }) => id === state.floor);
  return turn.items.filter(({ id }, index) => index > floor || state.owed.has(id));
};

const ourTurn = (turn: Turn): string | null => {
  const [first] = turn.items;
  return first?.type === "userMessage" ? turnOfClientId(first.clientId) : null;
};

const enterTurn = (state: State, turn: Turn): Folded => {
  const entered = enter(state, turn.id, true);
  const ours = ourTurn(turn);
  return ours === null ? folded(entered) : accept(entered, turn.id, ours);
};

const tellItem = (state: State, item: ThreadItem, turn: Turn): Folded =>
  isDone(item, turn) ? itemCompleted(state, item, turn.id) : itemStarted(state, item, turn.id);

const caughtTurn = (state: State, turn: Turn, totals: Totals | null): Folded => {
  let step = enterTurn(state, turn);
  for (const item of untold(step.state, turn))
    step = chain(step, (next) => tellItem(next, item, turn));
  step = chain(step, (next) => folded({ ...next, totals: later(next.totals, totals) }));
  return turn.status === "inProgress" ? step : chain(step, (next) => turnCompleted(next, turn));
};

/** Commands of turns that are long over and went on in the background. */
const caughtLeftovers = (state: State, turn: Turn): Folded => {
  const owed = turn.items.filter((item) => state.owed.has(item.id) && isDone(item, turn));
  let step = folded(state);
  for (const item of owed) step = chain(step, (next) => tellItem(next, item, turn));
  return step;
};

const waits = (status: ThreadStatus): boolean =>
  status.type === "active" && (status.activeFlags ?? []).length > 0;

/** Questions that the server no longer asks are withdrawn; those that it still has, it asks again right after its answer. */
export const catchUp = (state: State, page: Page): Folded => {
  let step = folded(state);
  const turns = news(state, page.turns);
  for (const turn of page.turns)
    if (!turns.includes(turn)) step = chain(step, (next) => caughtLeftovers(next, turn));
  for (const turn of turns) {
    const totals = turn === turns.at(-1) ? page.totals : null;
    step = chain(step, (next) => caughtTurn(next, turn, totals));
  }
  // A turn that never reached the disk died with its server.
  const lost = step.state.turn !== null && page.status.type !== "active";
  if (lost) step = chain(step, endLost);
  return waits(page.status)
    ? step
    : chain(step, (next) => withdrawAll(next, "Codex no longer asks."));
};

const endLost = (state: State): Folded => {
  const id = state.turn?.id ?? "";
  const gone = { id, status: "interrupted", error: null, items: [] } as unknown as Turn;
  return turnCompleted(state, gone);
};

/** The server has told again all that it still asks. */
export const dropUnheard = (state: State): Folded => {
  const reason = "It was answered elsewhere, or Codex no longer needs it.";
  const facts = [...state.unheard].map((request): Fact => ({ fact: "withdrawn", request, reason }));
  return folded({ ...state, unheard: new Set() }, facts);
};
