/** A session after an event. Only this changes a session. */
import { addUsage, type EventData, type NewEvent, type Session } from "@skein/contract";
import type { QueuedPrompt, SessionState } from "./state.ts";

const newState = (view: Session, forkFrom: string | null): SessionState => ({
  view,
  process: "none",
  how: forkFrom === null ? "new" : "fork",
  forkFrom,
  stopWhy: null,
  wake: false,
  queue: [],
  current: null,
  restarts: 0,
  openItems: {},
  items: 0,
  open: {},
  silentSince: null,
});

const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> => {
  const { [key]: _, ...rest } = record;
  return rest;
};

/** Settled: it will not change any more (a status that is not `running`, or none at all). */
const isOpen = (item: EventData<"session.item">["item"]): boolean =>
  "status" in item.body && item.body.status === "running";

const processEnded = (state: SessionState): SessionState => ({
  ...state,
  process: "none",
  stopWhy: null,
  wake: false,
  silentSince: null,
});

const closeApproval = (state: SessionState, approval: string): SessionState => {
  const open = without(state.open, approval);
  return { ...state, open, view: { ...state.view, approvals: Object.keys(open) } };
};

type Evolvers = {
  [T in NewEvent["type"]]?: (state: SessionState, data: EventData<T>, at: string) => SessionState;
};

const promptOf = (data: EventData<"session.prompt.queued">): QueuedPrompt => ({
  prompt: data.prompt,
  text: data.text,
  how: data.how,
  by: data.by,
});

const withQueue = (state: SessionState, queue: readonly QueuedPrompt[]): SessionState => ({
  ...state,
  queue,
  view: { ...state.view, queued: queue.length },
});

const evolvers: Evolvers = {
  "session.renamed": (state, data) => ({ ...state, view: { ...state.view, ...data } }),
  "session.deleted": (state, _data, at) => ({ ...state, view: { ...state.view, deletedAt: at } }),
  "session.status": (state, data) => ({
    ...state,
    silentSince:
      data.source === "tick" && data.state === "working" ? data.since : state.silentSince,
    view: { ...state.view, status: data },
  }),
  "session.process.starting": (state, data) => ({
    ...state,
    process: "starting",
    how: data.how,
    restarts: state.restarts + 1,
    view: { ...state.view, generation: data.generation },
  }),
  "session.process.started": (state, data) => ({
    ...state,
    process: state.process === "starting" ? "running" : state.process,
    forkFrom: data.providerSessionId === null ? state.forkFrom : null,
    view: {
      ...state.view,
      providerSessionId: data.providerSessionId ?? state.view.providerSessionId,
    },
  }),
  "session.process.stopping": (state, data) => ({
    ...state,
    process: "stopping",
    stopWhy: data.why,
  }),
  "session.process.ended": (state) => processEnded(state),
  "session.prompt.queued": (state, data, at) => ({
    ...withQueue(
      state,
      data.how === "interrupt"
        ? [promptOf(data), ...state.queue]
        : [...state.queue, promptOf(data)],
    ),
    wake: state.process === "stopping",
    view: { ...state.view, queued: state.queue.length + 1, activeAt: at },
  }),
  "session.prompt.dropped": (state, data) =>
    withQueue(
      state,
      state.queue.filter((one) => one.prompt !== data.prompt),
    ),
  "session.prompt.returned": (state, data) => {
    const back = state.current;
    if (back === null || back.prompt !== data.prompt) return state;
    const { accepted: _a, interrupting: _i, ...prompt } = back;
    return { ...withQueue(state, [prompt, ...state.queue]), current: null };
  },
  "session.turn.started": (state, data, at) => {
    const taken = state.queue.find((one) => one.prompt === data.turn.prompt);
    if (taken === undefined) return state;
    return {
      ...withQueue(
        state,
        state.queue.filter((one) => one !== taken),
      ),
      current: { ...taken, accepted: false, interrupting: false },
      openItems: {},
      silentSince: null,
      view: {
        ...state.view,
        queued: state.queue.length - 1,
        turn: data.turn,
        turns: data.turn.number,
        activeAt: at,
      },
    };
  },
  "session.prompt.accepted": (state, data, at) =>
    state.current?.prompt === data.prompt
      ? {
          ...state,
          current: { ...state.current, accepted: true },
          restarts: 0,
          view: { ...state.view, activeAt: at },
        }
      : state,
  "session.turn.interrupting": (state) =>
    state.current === null
      ? state
      : { ...state, current: { ...state.current, interrupting: true } },
  "session.turn.ended": (state, data, at) => ({
    ...state,
    current: null,
    openItems: {},
    silentSince: null,
    view: {
      ...state.view,
      turn: null,
      lastTurn: data.turn,
      usage:
        data.turn.usage === null ? state.view.usage : addUsage(state.view.usage, data.turn.usage),
      activeAt: at,
    },
  }),
  "session.item": (state, { item }, at) => ({
    ...state,
    items: Math.max(state.items, item.order),
    openItems: isOpen(item)
      ? { ...state.openItems, [item.id]: item }
      : item.id in state.openItems
        ? without(state.openItems, item.id)
        : state.openItems,
    silentSince: null,
    view: { ...state.view, activeAt: at },
  }),
  "approval.requested": (state, data, at) => {
    const open = {
      ...state.open,
      [data.approval.id]: { approval: data.approval, request: data.request },
    };
    return { ...state, open, view: { ...state.view, approvals: Object.keys(open), activeAt: at } };
  },
  "approval.resolved": (state, data, at) => {
    const after = closeApproval(state, data.approval);
    return { ...after, view: { ...after.view, activeAt: at } };
  },
  "approval.expired": (state, data) => closeApproval(state, data.approval),
};

export const evolveSession = (
  state: SessionState | null,
  event: NewEvent,
  at: string,
): SessionState => {
  if (event.type === "session.created") return newState(event.data.session, event.data.forkOf);
  if (state === null) throw new Error(`a session begins with session.created, not ${event.type}`);
  const evolver = evolvers[event.type] as
    | ((state: SessionState, data: unknown, at: string) => SessionState)
    | undefined;
  return evolver === undefined ? state : evolver(state, event.data, at);
};
