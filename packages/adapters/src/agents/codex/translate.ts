/**
 * The fold: what Codex says (0.169.0) and what we did become facts. Pure. Whoever calls it hands in the words of one thread,
 * in the order they came; a word that is not known changes nothing.
 */
import type { Fact, LiveDelta } from "@skein/sdk";
import { chained, stepped, type Step } from "../lines/step.ts";
import type { ErrorNotification, ThreadItem, Turn } from "./generated/protocol.ts";
import { asAsked, questionOf } from "./approvals.ts";
import { endedBody, itemBody, itemId, partialBody } from "./items.ts";
import type { Ended, ItemNow, State, TurnNow } from "./state.ts";
import { isAuthFailure, statusOf, turnErrorOf, turnFailure } from "./turn-errors.ts";
import { later, minus, totalsOf, turnUsage } from "./usage.ts";
import { turnOfClientId, type Notification, type ServerRequest, type ThreadWord } from "./wire.ts";

/** What the caller must do now. `check-login`: ask account/read once. `end-turn`: interrupt the turn in progress. */
export type Order =
  | { readonly order: "check-login" }
  | { readonly order: "end-turn" }
  | {
      readonly order: "answer-again";
      readonly request: ServerRequest["id"];
      readonly answer: unknown;
    };

export type Folded = Step<State, Order>;

/** Codex itself stops after 5 retries, but waits for a network without end. */
export const MAX_RETRIES = 10;
const partialChars = 1024 * 1024;

export const folded = stepped<State, Order>;
export const chain = chained<State, Order>;

const itemFact = (id: string, body: ReturnType<typeof itemBody>): Fact[] =>
  body === null ? [] : [{ fact: "item", id, body }];

const begun = (state: State, id: string): TurnNow => ({
  id,
  ours: null,
  started: false,
  before: state.totals,
  verdict: null,
  retries: 0,
});

/** A turn that was not known begins; what the one before left is forgotten. */
export const enter = (state: State, id: string, started: boolean): State => {
  if (state.turn?.id === id) return { ...state, turn: { ...state.turn, started } };
  const turn = { ...begun(state, id), started };
  return { ...state, turn, floor: null, seen: [], settled: new Set() };
};

const endFact = (ours: string, { outcome, error, usage }: Ended): Fact => ({
  fact: "turn-ended",
  turn: ours,
  outcome,
  error,
  usage,
});

/** The server took our prompt, as turn `id`: told once, whether its answer or its user message says so first. */
export const accept = (state: State, id: string, ours: string): Folded => {
  const handed = state.handed?.turn === ours ? null : state.handed;
  const fact: Fact = { fact: "accepted", turn: ours };
  if (state.ended?.id === id) {
    if (state.ended.ours !== null) return folded({ ...state, handed });
    const ended = { ...state.ended, ours };
    return folded({ ...state, handed, ended }, [fact, endFact(ours, ended)]);
  }
  const entered = state.turn?.id === id ? state : enter(state, id, false);
  if (entered.turn?.ours != null) return folded({ ...entered, handed });
  return folded({ ...entered, handed, turn: entered.turn && { ...entered.turn, ours } }, [fact]);
};

const withItem = (state: State, id: string): State =>
  state.seen.includes(id) ? state : { ...state, seen: [...state.seen, id] };

const without = <V>(map: ReadonlyMap<string, V>, key: string): Map<string, V> =>
  new Map([...map].filter(([each]) => each !== key));

const settle = (state: State, id: string): State => ({
  ...withItem(state, id),
  settled: new Set(state.settled).add(id),
  running: without(state.running, id),
  owed: new Set([...state.owed].filter((each) => each !== id)),
});

const progress = (state: State): State =>
  state.turn === null || state.turn.retries === 0
    ? state
    : { ...state, turn: { ...state.turn, retries: 0 } };

const isSaid = ({ type }: ThreadItem): boolean =>
  type === "agentMessage" || type === "plan" || type === "reasoning";

/** Words that broke off: by a steering, which begins the answer anew, or by a retry. Told as far as they came, for they are never completed (0.169.0). */
const breakOff = (state: State, turn: string): Folded => {
  const broken = [...state.running].filter(([, now]) => now.turn === turn && isSaid(now.item));
  return broken.reduce(
    (step, [id, now]) =>
      chain(step, (next) =>
        folded(settle(next, id), itemFact(id, partialBody(now.item, now.text))),
      ),
    folded(state),
  );
};

/**
 * The model says one thing after another: what it still said when it says something else was broken off, though nobody may have
 * heard why (a link was cut). Told before that, as far as it came; not settled, for a history never holds words that are not whole
 * (0.169.0), so it is not known that they are never completed.
 */
const overtake = (state: State, item: ThreadItem, turn: string): Folded => {
  if (!isSaid(item)) return folded(state);
  const old = [...state.running].filter(
    ([id, now]) => id !== item.id && now.turn === turn && isSaid(now.item),
  );
  const running = old.reduce((left, [id]) => without(left, id), state.running);
  const facts = old.flatMap(([id, now]) => itemFact(id, partialBody(now.item, now.text)));
  return folded({ ...state, running }, facts);
};

export const itemStarted = (state: State, item: ThreadItem, turn: string): Folded => {
  if (state.settled.has(item.id)) return folded(state);
  // Messages and thoughts are told whole, when they are.
  const text = state.running.get(item.id)?.text ?? "";
  const broken = item.type === "userMessage" ? breakOff(state, turn) : overtake(state, item, turn);
  const running = new Map(broken.state.running).set(item.id, { item, turn, text });
  // What was in progress for the last daemon has been told as such.
  const quiet = item.type === "userMessage" || state.owed.has(item.id);
  const facts = quiet ? [] : itemFact(item.id, partialBody(item, text));
  return chain(broken, (next) => folded({ ...progress(withItem(next, item.id)), running }, facts));
};

const wasInterrupted = (state: State, turn: string): boolean =>
  state.ended?.id === turn && state.ended.outcome === "interrupted";

export const itemCompleted = (state: State, item: ThreadItem, turn: string): Folded => {
  if (state.settled.has(item.id)) return folded(state);
  const body = itemBody(item);
  // The command of an interrupted turn is ended after the turn, and comes as failed with exit code -1.
  const cut = body?.kind === "command" && body.status === "failed" && wasInterrupted(state, turn);
  const told = cut ? { ...body, status: "interrupted" as const, exitCode: null } : body;
  const known = state.running.get(item.id);
  const whole =
    told?.kind === "command" && told.output === "" ? { ...told, output: known?.text ?? "" } : told;
  const step = chain(overtake(state, item, turn), (next) =>
    folded(progress(settle(next, item.id)), itemFact(itemId(item), whole)),
  );
  const ours = item.type === "userMessage" ? turnOfClientId(item.clientId) : null;
  if (ours === null || state.handed?.turn !== ours) return step;
  return chain(step, (next) => accept(next, turn, ours));
};

const DELTAS: Readonly<Record<string, LiveDelta["kind"]>> = {
  "item/agentMessage/delta": "message",
  "item/plan/delta": "message",
  "item/reasoning/summaryTextDelta": "reasoning",
  "item/reasoning/textDelta": "reasoning",
  "item/commandExecution/outputDelta": "output",
};

const delta = (state: State, method: string, item: string, text: string): Folded => {
  const known = state.running.get(item);
  const live: LiveDelta[] = [{ item, kind: DELTAS[method] ?? "output", text }];
  if (known === undefined || known.text.length > partialChars) return folded(state, [], { live });
  const running = new Map(state.running).set(item, { ...known, text: known.text + text });
  return folded({ ...progress(state), running }, [], { live });
};

/**
 * What was in progress when the turn ended ends with it, told as far as it came. Commands of a turn that completed go on in
 * the background; a message of such a turn was broken off by a steering.
 */
export const endItems = (state: State, ended: string, outcome: Ended["outcome"]): Folded => {
  const facts: Fact[] = [];
  const running = new Map<string, ItemNow>();
  for (const [id, now] of state.running) {
    const { item, text, turn } = now;
    const goesOn = outcome === "completed" && item.type === "commandExecution";
    if (turn !== ended || goesOn) running.set(id, now);
    else if (item.type !== "userMessage") {
      const body = partialBody(item, text);
      const status = outcome === "completed" ? "failed" : outcome;
      facts.push(...itemFact(id, body === null ? null : endedBody(body, status)));
    }
  }
  return folded({ ...state, running }, facts);
};

/** All open questions are over. */
export const withdrawAll = (state: State, reason: string): Folded => {
  const keys = [...state.open.keys(), ...state.unheard];
  const waiting = keys.filter((request) => !state.answered.has(request));
  return folded(
    { ...state, open: new Map(), unheard: new Set(), answered: new Map() },
    waiting.map((request): Fact => ({ fact: "withdrawn", request, reason })),
  );
};

const OUTCOMES = { completed: "completed", interrupted: "interrupted", failed: "failed" } as const;

export const turnCompleted = (state: State, turn: Turn): Folded => {
  if (state.ended?.id === turn.id) return folded(state);
  const { turn: now } = enter(state, turn.id, true);
  const verdict = now?.verdict ?? null;
  const status = turn.status === "inProgress" ? "interrupted" : OUTCOMES[turn.status];
  const outcome = verdict !== null && status !== "completed" ? "failed" : status;
  const error = outcome !== "failed" ? null : (verdict ?? turnErrorOf(turn.error));
  const usage = turnUsage(now?.before ?? null, state.totals, state.model);
  const ended: Ended = { id: turn.id, ours: now?.ours ?? null, outcome, error, usage };
  const after = { turn: null, ended, floor: null, seen: [], settled: new Set<string>() };
  const items = endItems(state, turn.id, outcome);
  const questions = chain(items, (next) => withdrawAll(next, "The turn has ended."));
  const { ours } = ended;
  return chain(questions, (next) =>
    folded({ ...next, ...after }, ours === null ? [] : [endFact(ours, ended)]),
  );
};

/** The caller has decided that the turn shall end as failed. */
export const giveUp = (state: State, verdict: TurnNow["verdict"]): Folded =>
  state.turn === null || state.turn.verdict !== null
    ? folded(state)
    : folded({ ...state, turn: { ...state.turn, verdict } }, [], {
        orders: [{ order: "end-turn" }],
      });

/** A final error comes again with turn/completed; only retries are told here. */
const retrying = (state: State, { error, willRetry, turnId }: ErrorNotification): Folded => {
  if (!willRetry || state.turn === null || state.turn.id !== turnId) return folded(state);
  const retries = state.turn.retries + 1;
  const next = { ...state, turn: { ...state.turn, retries } };
  const detail = error.additionalDetails ?? "";
  const text = detail === "" ? error.message : `${error.message} (${detail})`;
  const broken = breakOff(next, turnId);
  const told: Fact[] = [...broken.facts, { fact: "notice", level: "warning", text }];
  // Once may be a token that is being renewed.
  if (isAuthFailure(error) && retries > 1)
    return chain(folded(broken.state, told), (after) => giveUp(after, turnFailure("login", text)));
  if (retries > MAX_RETRIES)
    return chain(folded(broken.state, told), (after) => giveUp(after, turnFailure("api", text)));
  const offline = retries === 1 && statusOf(error) === null;
  return folded(broken.state, told, { orders: offline ? [{ order: "check-login" }] : [] });
};

type Counted = Extract<ThreadWord, { method: "thread/tokenUsage/updated" }>["params"];

const counted = (state: State, { turnId, tokenUsage }: Counted): State => {
  const total = totalsOf(tokenUsage.total);
  const totals = later(state.totals, total);
  if (state.turn === null || state.turn.id !== turnId) return { ...state, totals };
  // After a fork nobody has told what was before: the first request's own count does.
  const before = state.turn.before ?? minus(total, totalsOf(tokenUsage.last));
  return { ...state, totals, turn: { ...state.turn, before } };
};

const resolved = (state: State, request: string): Folded => {
  const known = state.open.has(request) || state.unheard.has(request);
  if (!known) return folded(state);
  const unheard = new Set([...state.unheard].filter((key) => key !== request));
  const answered = without(state.answered, request);
  const next = { ...state, open: without(state.open, request), unheard, answered };
  const reason = "It was answered elsewhere, or Codex no longer needs it.";
  return folded(next, state.answered.has(request) ? [] : [{ fact: "withdrawn", request, reason }]);
};

const notice = (state: State, level: "info" | "warning", text: string): Folded =>
  folded(state, [{ fact: "notice", level, text }]);

export const foldWord = (state: State, word: Notification): Folded => {
  const { method, params } = word as unknown as ThreadWord;
  switch (method) {
    case "turn/started":
      return folded(
        state.ended?.id === params.turn.id ? state : enter(state, params.turn.id, true),
      );
    case "turn/completed":
      return turnCompleted(state, params.turn);
    case "item/started":
      return itemStarted(state, params.item, params.turnId);
    case "item/completed":
      return itemCompleted(state, params.item, params.turnId);
    case "item/agentMessage/delta":
    case "item/plan/delta":
    case "item/reasoning/summaryTextDelta":
    case "item/reasoning/textDelta":
    case "item/commandExecution/outputDelta":
      return delta(state, method, params.itemId, params.delta);
    case "thread/tokenUsage/updated":
      return folded(counted(state, params));
    case "serverRequest/resolved":
      return resolved(state, String(params.requestId));
    case "error":
      return retrying(state, params);
    case "warning":
      return notice(state, "warning", params.message);
    case "model/rerouted":
      return notice(
        { ...state, model: params.toModel ?? state.model },
        "info",
        `Codex answers with ${params.toModel} instead of ${params.fromModel}.`,
      );
    case "thread/settings/updated":
      return folded({ ...state, model: params.threadSettings.model ?? state.model });
    default:
      return folded(state);
  }
};

/** null: nobody can answer it here. Told again after a reconnect, with the same id, it is no new question. */
export const foldRequest = (state: State, request: ServerRequest): Folded | null => {
  const asked = asAsked(request);
  if (asked === null) return null;
  const key = String(request.id);
  const open = new Map(state.open).set(key, { id: request.id, asked });
  const unheard = new Set([...state.unheard].filter((each) => each !== key));
  const next = { ...state, open, unheard };
  const answer = state.answered.get(key);
  if (answer !== undefined)
    return folded(next, [], { orders: [{ order: "answer-again", request: request.id, answer }] });
  if (state.open.has(key) || state.unheard.has(key)) return folded(next);
  const item = "itemId" in asked.params ? state.running.get(asked.params.itemId)?.item : undefined;
  const body = item === undefined ? null : itemBody(item);
  const { title, approval, canAlways } = questionOf(
    asked,
    body?.kind === "edit" ? body.changes : [],
  );
  return folded(next, [{ fact: "asked", request: key, title, approval, canAlways }]);
};
