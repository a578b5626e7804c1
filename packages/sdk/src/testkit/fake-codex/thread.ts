/** A loaded thread: who hears it, what it asks, what runs in it. */
import { noTokens, type FakeItem, type FakeTurn, type Store, type StoredThread } from "./store.ts";
import type { Client, Message } from "./wire.ts";

type Active = {
  readonly turn: FakeTurn;
  /** Before, an interrupt finds no turn (as in 0.169.0). */
  started: boolean;
  readonly stop: AbortController;
  /** Words that join the turn, not yet seen by the model. */
  readonly steered: { readonly text: string; readonly clientId: string | null }[];
  readonly running: Map<string, FakeItem>;
};

export type Thread = {
  readonly stored: StoredThread;
  readonly clients: Set<Client>;
  readonly pending: Map<
    number,
    { readonly message: Message; readonly settle: (result: unknown) => void }
  >;
  active: Active | null;
  /** On disk: only so can it be resumed. */
  kept: boolean;
  unloadSeconds: number;
  canAsk: boolean;
};

export const makeThread = (stored: StoredThread, kept: boolean): Thread => ({
  stored,
  clients: new Set(),
  pending: new Map(),
  active: null,
  kept,
  unloadSeconds: 1800,
  canAsk: false,
});

export const newStored = (
  id: string,
  from: Pick<StoredThread, "cwd" | "model" | "approvalPolicy" | "sandbox">,
): StoredThread => ({
  id,
  name: null,
  effort: null,
  ...from,
  total: noTokens,
  turns: [],
  said: [],
});

export const emit = (thread: Thread, method: string, params: Record<string, unknown>): void => {
  const message = { method, params: { threadId: thread.stored.id, ...params } };
  for (const client of thread.clients) client.send(message);
};

const statusOf = ({ active, pending }: Thread) => {
  if (active === null) return { type: "idle" };
  const asks = [...pending.values()].map(({ message }) => message.method);
  const flags = new Set(
    asks.map((method) =>
      method === "item/tool/requestUserInput" ? "waitingOnUserInput" : "waitingOnApproval",
    ),
  );
  return { type: "active", activeFlags: [...flags] };
};

export const tellStatus = (thread: Thread): void =>
  emit(thread, "thread/status/changed", { status: statusOf(thread) });

export const keep = (thread: Thread, store: Store): void => {
  thread.kept = true;
  store.save(thread.stored);
};

/** Asks all that listen; the first answer counts, `undefined` when nobody is needed any more. */
export const ask = (
  thread: Thread,
  id: number,
  method: string,
  params: Record<string, unknown>,
): Promise<unknown> => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const message = { id, method, params: { threadId: thread.stored.id, ...params } };
  const stop = thread.active?.stop.signal;
  const settle = (result: unknown): void => {
    if (!thread.pending.delete(id)) return;
    emit(thread, "serverRequest/resolved", { requestId: id });
    resolve(result);
  };
  thread.pending.set(id, { message, settle });
  stop?.addEventListener("abort", () => setTimeout(() => settle(undefined), 1), { once: true });
  tellStatus(thread);
  for (const client of thread.clients) client.send(message);
  return promise;
};

export const describe = (thread: Thread, path: string) => ({
  id: thread.stored.id,
  status: statusOf(thread),
  path,
  cwd: thread.stored.cwd,
  name: thread.stored.name,
  model: thread.stored.model,
  parentThreadId: null,
  turns: [],
});

const asTurn = (turn: FakeTurn, items: readonly FakeItem[], itemsView: string) => ({
  id: turn.id,
  items: itemsView === "notLoaded" ? [] : items,
  itemsView,
  status: turn.status,
  error: turn.error,
  startedAt: 0,
  completedAt: turn.status === "inProgress" ? null : 0,
  durationMs: 0,
});

/** Words in progress stand in no page (as in 0.169.0). */
const isSaid = ({ type }: FakeItem): boolean => type === "agentMessage" || type === "reasoning";

/** Newest first. `running`: with the items in progress, which only thread/resume tells. */
export const turnsPage = (
  thread: Thread,
  params: Record<string, unknown>,
  running: boolean,
): { readonly data: readonly unknown[]; readonly nextCursor: null } => {
  const limit = typeof params["limit"] === "number" ? params["limit"] : 25;
  const view = typeof params["itemsView"] === "string" ? params["itemsView"] : "summary";
  const newest = thread.stored.turns.slice(-limit).toReversed();
  const data = newest.map((turn) => {
    const now = running && thread.active?.turn === turn ? [...thread.active.running.values()] : [];
    const shown = now.filter((item) => !isSaid(item));
    return asTurn(turn, [...turn.items, ...shown], view);
  });
  return { data, nextCursor: null };
};

export const startedTurn = (turn: FakeTurn) => asTurn(turn, [], "notLoaded");
export const endedTurn = (turn: FakeTurn) =>
  asTurn(
    turn,
    turn.items.filter(({ type }) => type === "agentMessage").slice(-1),
    turn.items.length === 0 ? "notLoaded" : "summary",
  );
