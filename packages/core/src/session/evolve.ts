/** A session after an event. Only this changes a session. */
import {
  addUsage,
  type EventData,
  type Goal,
  type Item,
  type NewEvent,
  type Session,
  type Turn,
} from "@skein/contract";
import { wordOf } from "./goal-words.ts";
import { without } from "./record.ts";
import {
  MEMORY,
  type CurrentTurn,
  type QueuedPrompt,
  type SessionState,
  type Steer,
} from "./state.ts";

const newState = (view: Session, forkFrom: string | null, owner: string | null): SessionState => ({
  view,
  owner,
  process: "none",
  how: forkFrom === null ? "new" : "fork",
  processSince: view.createdAt,
  stopsRepeated: 0,
  forkFrom,
  reserved: null,
  stopWhy: null,
  wake: false,
  queue: [],
  current: null,
  steers: [],
  crashes: 0,
  openItems: {},
  settled: [],
  items: 0,
  open: {},
  begun: [],
  asked: [],
  owesSince: view.createdAt,
  silentSince: null,
  held: null,
  unreachable: false,
  said: null,
});

/** Settled: it will not change any more (a status that is not `running`, or none at all). */
const isOpen = (item: Item): boolean => "status" in item.body && item.body.status === "running";

/** Words of a person that are in the transcript have been taken: they are no more than a memory from here on. */
const takenSteer = (steers: readonly Steer[], prompt: string): readonly Steer[] => {
  if (!steers.some((one) => one.prompt === prompt)) return steers;
  const marked = steers.map((one) =>
    one.prompt === prompt ? { ...one, text: "", taken: true } : one,
  );
  const old = marked.filter((one) => one.taken).slice(0, -MEMORY.takenSteers);
  return marked.filter((one) => !old.includes(one));
};

const withItem = (state: SessionState, item: Item): SessionState => {
  const openItems = without(state.openItems, item.id);
  if (isOpen(item)) return { ...state, openItems: { ...openItems, [item.id]: item } };
  const { id, order, turn, at } = item;
  const others = state.settled.filter((one) => one.id !== id);
  const settled = [...others, { id, order, turn, at }].slice(-MEMORY.settledItems);
  const steers = item.body.kind === "user" ? takenSteer(state.steers, id) : state.steers;
  return { ...state, openItems, settled, steers };
};

const closeApproval = (state: SessionState, approval: string): SessionState => {
  const open = without(state.open, approval);
  return { ...state, open, view: { ...state.view, approvals: Object.keys(open) } };
};

const activeAt = (state: SessionState, at: string): SessionState => ({
  ...state,
  view: { ...state.view, activeAt: at },
});

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

/** A sign of work by which the agent has its time for the next word again. */
const owesAWord = (state: SessionState, at: string): SessionState => ({
  ...activeAt(state, at),
  owesSince: at,
});

type Evolver<T extends NewEvent["type"]> = (
  state: SessionState,
  data: EventData<T>,
  at: string,
) => SessionState;

/** `steer`: words that came too late for their turn; they wait for the agent, but do not call it back. */
const promptQueued: Evolver<"session.prompt.queued"> = (state, data, at) => {
  const prompt = promptOf(data);
  const queue = data.how === "interrupt" ? [prompt, ...state.queue] : [...state.queue, prompt];
  return {
    ...activeAt(withQueue(state, queue), at),
    wake: state.wake || (state.process === "stopping" && data.how !== "steer"),
    steers: state.steers.filter((one) => one.prompt !== data.prompt),
  };
};

const promptReturned: Evolver<"session.prompt.returned"> = (state, data) => {
  const back = state.current;
  if (back === null || back.prompt !== data.prompt || back.how === "outside") return state;
  const { prompt, text, how, by } = back;
  return { ...withQueue(state, [{ prompt, text, how, by }, ...state.queue]), current: null };
};

type TurnStarted = EventData<"session.turn.started">;

/** Of a turn that began outside the agent has the words already. */
const currentOf = (state: SessionState, { turn, begun }: TurnStarted): CurrentTurn | null => {
  const { prompt } = turn;
  if (begun !== undefined) {
    const outside = { text: "", how: "outside", by: "outside", accepted: true } as const;
    return { prompt, ...outside, interrupting: false, key: begun };
  }
  const taken = state.queue.find((one) => one.prompt === prompt);
  return taken === undefined ? null : { ...taken, accepted: false, interrupting: false, key: null };
};

const turnStarted: Evolver<"session.turn.started"> = (state, data, at) => {
  const { turn, begun } = data;
  const current = currentOf(state, data);
  if (current === null) return state;
  const rest = withQueue(
    state,
    state.queue.filter((one) => one.prompt !== turn.prompt),
  );
  return {
    ...rest,
    current,
    owesSince: at,
    begun: begun === undefined ? state.begun : [...state.begun, begun].slice(-MEMORY.begunTurns),
    silentSince: null,
    held: null,
    said: null,
    view: { ...rest.view, turn, turns: turn.number, activeAt: at },
  };
};

/** Not of a turn whose prompt went back to the queue. What was read from the cache costs next to nothing, and grows with every request: it does not count. */
const countTurn = (goal: Goal | null, { usage }: Turn): Goal | null => {
  if (goal?.state !== "active") return goal;
  const { inputTokens = 0, outputTokens = 0, cacheWriteTokens = 0, costUsd = null } = usage ?? {};
  const tokens = goal.spent.tokens + inputTokens + outputTokens + cacheWriteTokens;
  const usd = goal.spent.usd + (costUsd ?? 0);
  return { ...goal, turns: goal.turns + 1, spent: { tokens, usd } };
};

/** The newest message of the turn in progress counts. */
const withWord = (state: SessionState, { body, turn }: Item): SessionState =>
  body.kind !== "message" || turn === null || turn !== state.view.turn?.id
    ? state
    : { ...state, said: state.view.goal?.state === "active" ? wordOf(body.text) : null };

const turnEnded: Evolver<"session.turn.ended"> = (state, { turn }, at) => {
  const { usage } = state.view;
  const kind = turn.error?.kind;
  return {
    ...state,
    current: null,
    silentSince: null,
    held: kind === "login" || kind === "limit" ? kind : null,
    view: {
      ...state.view,
      turn: null,
      lastTurn: turn,
      usage: turn.usage === null ? usage : addUsage(usage, turn.usage),
      goal: state.current === null ? state.view.goal : countTurn(state.view.goal, turn),
      activeAt: at,
    },
  };
};

const approvalRequested: Evolver<"approval.requested"> = (state, { approval, request }, at) => {
  const open = { ...state.open, [approval.id]: { approval, request } };
  return {
    ...state,
    open,
    asked: [...state.asked, request].slice(-MEMORY.askedRequests),
    owesSince: at,
    view: { ...state.view, approvals: Object.keys(open), activeAt: at },
  };
};

/** A fault stays one, whatever is asked for while it is being ended. */
const processStopping: Evolver<"session.process.stopping"> = (state, { why }, at) => ({
  ...state,
  process: "stopping",
  processSince: at,
  stopsRepeated: state.process === "stopping" ? state.stopsRepeated + 1 : 0,
  stopWhy: state.stopWhy === "fault" && why !== "delete" ? "fault" : why,
  wake: why === "restart",
});

/** The clock tells of a silence, and of its end: what it tells during one is that. */
const isSilence = (state: SessionState, data: EventData<"session.status">): boolean =>
  data.source === "tick" &&
  data.state === "working" &&
  state.process === "running" &&
  state.silentSince === null;

const processEvolvers = {
  "session.process.starting": (state, data, at) => ({
    ...state,
    process: "starting",
    processSince: at,
    stopsRepeated: 0,
    how: data.how,
    begun: [],
    asked: [],
    view: { ...state.view, generation: data.generation },
  }),
  "session.process.started": (state, data) => ({
    ...state,
    process: state.process === "starting" ? "running" : state.process,
    forkFrom: data.providerSessionId === null ? state.forkFrom : null,
    reserved: data.providerSessionId === null ? (data.reserved ?? state.reserved) : null,
    view: {
      ...state.view,
      providerSessionId: data.providerSessionId ?? state.view.providerSessionId,
    },
  }),
  "session.provider": (state, { providerSessionId }) => ({
    ...state,
    forkFrom: null,
    reserved: null,
    view: { ...state.view, providerSessionId },
  }),
  "session.process.stopping": processStopping,
  "session.process.ended": (state, data) => ({
    ...state,
    process: "none",
    stopWhy: null,
    wake: false,
    silentSince: null,
    held: null,
    unreachable: false,
    crashes: data.expected ? state.crashes : state.crashes + 1,
    view: { ...state.view, unreachable: null },
  }),
} satisfies Evolvers;

const promptEvolvers = {
  "session.prompt.queued": promptQueued,
  "session.prompt.steered": (state, { prompt, text, by }, at) => ({
    ...activeAt(state, at),
    steers: [...state.steers, { prompt, text, by, taken: false }],
  }),
  "session.prompt.dropped": (state, data) =>
    withQueue(
      state,
      state.queue.filter((one) => one.prompt !== data.prompt),
    ),
  "session.prompt.returned": promptReturned,
  "session.prompt.accepted": (state, data, at) =>
    state.current?.prompt === data.prompt
      ? {
          ...owesAWord(state, at),
          current: { ...state.current, accepted: true, text: "" },
          crashes: 0,
        }
      : state,
} satisfies Evolvers;

type Evolvers = { [T in NewEvent["type"]]?: Evolver<T> };

const evolvers: Evolvers = {
  ...processEvolvers,
  ...promptEvolvers,
  "session.renamed": (state, { group = state.view.group, ...data }) => ({
    ...state,
    view: { ...state.view, ...data, group },
  }),
  "session.goal": (state, { goal }) => ({
    ...state,
    said: goal?.state === "active" ? state.said : null,
    view: { ...state.view, goal },
  }),
  "session.deleted": (state, _data, at) => ({
    ...state,
    steers: [],
    view: { ...state.view, deletedAt: at },
  }),
  // While a process lives, its own status comes from the protocol; `process` says that it is out of reach.
  "session.status": (state, data) => {
    const unreachable = data.source === "process" && state.process !== "none";
    const since = state.view.unreachable ?? data.since;
    return {
      ...state,
      silentSince: isSilence(state, data) ? data.since : null,
      held: data.state === "idle" ? null : state.held,
      unreachable,
      view: { ...state.view, status: data, unreachable: unreachable ? since : null },
    };
  },
  "session.turn.started": turnStarted,
  "session.turn.interrupting": (state, _data, at) =>
    state.current === null
      ? state
      : { ...owesAWord(state, at), current: { ...state.current, interrupting: true } },
  "session.turn.ended": turnEnded,
  "session.item": (state, { item }, at) => ({
    ...owesAWord(withWord(withItem(state, item), item), at),
    items: Math.max(state.items, item.order),
  }),
  "approval.requested": approvalRequested,
  "approval.resolved": (state, data, at) => owesAWord(closeApproval(state, data.approval), at),
  "approval.expired": (state, data) => closeApproval(state, data.approval),
};

export const evolveSession = (
  state: SessionState | null,
  event: NewEvent,
  at: string,
): SessionState => {
  if (event.type === "session.created") {
    const { session, forkOf, token = null } = event.data;
    return newState(session, forkOf, token);
  }
  if (state === null) throw new Error(`a session begins with session.created, not ${event.type}`);
  const evolver = evolvers[event.type] as
    | ((state: SessionState, data: unknown, at: string) => SessionState)
    | undefined;
  return evolver === undefined ? state : evolver(state, event.data, at);
};
