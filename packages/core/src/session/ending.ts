/** The end of a process: what becomes of its turn, its prompt, its questions, and whether another one is started. */
import type { TurnError } from "@skein/contract";
import type { Context, Decision } from "../decision.ts";
import { makeDraft, type Draft } from "./draft.ts";
import {
  advance,
  closeItems,
  endTurn,
  expireApprovals,
  howToStart,
  mayRestart,
  returnPrompt,
  silentError,
  wakeProcess,
} from "./flow.ts";
import { giveWay } from "./goal-verdict.ts";
import type { SessionFact } from "./input.ts";
import type { SessionState } from "./state.ts";

type FactOf<T extends SessionFact["fact"]> = Extract<SessionFact, { fact: T }>;

type End = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly expected: boolean;
  readonly reason: string;
};

const SEND_AGAIN: Record<SessionState["how"], string> = {
  resume: "Send again: the agent resumes the conversation.",
  fork: "Send again: the agent begins with the conversation that was forked.",
  new: "Send again: the agent starts anew, and knows nothing of what was said before.",
};

const died = (state: SessionState, reason: string): TurnError => ({
  kind: "agent",
  message: reason,
  remedy: SEND_AGAIN[howToStart(state)],
});

const endTurnOfDeadProcess = (draft: Draft, { expected, reason }: End): void => {
  const { current, stopWhy } = draft.state;
  if (current === null) return;
  if (!current.accepted) return returnPrompt(draft, reason);
  const error = stopWhy === "fault" ? silentError : expected ? null : died(draft.state, reason);
  endTurn(draft, { outcome: error === null ? "interrupted" : "failed", error, usage: null });
};

/** Words that the agent did not live to take are prompts of their own, in their order, behind those that wait. */
const returnSteers = (draft: Draft): void => {
  if (draft.state.view.deletedAt !== null) return;
  for (const { prompt, text, by, taken } of draft.state.steers)
    if (!taken)
      draft.emit({ type: "session.prompt.queued", data: { prompt, text, how: "steer", by } });
};

const endProcess = (draft: Draft, end: End): void => {
  endTurnOfDeadProcess(draft, end);
  returnSteers(draft);
  giveWay(draft);
  expireApprovals(draft, "the agent's process ended");
  closeItems(draft, null);
  const { exitCode, signal, expected, reason } = end;
  draft.emit({
    type: "session.process.ended",
    data: { generation: draft.state.view.generation, exitCode, signal, expected, reason },
  });
};

const stoppedReason = (why: SessionState["stopWhy"]): string =>
  why === "idle"
    ? "stopped after idle time; the next prompt starts it again"
    : "stopped on request";

/** Says what a person has to do where prompts wait for an agent that is not there. */
const withQueue = (draft: Draft, reason: string): string => {
  if (draft.state.queue.length === 0) return reason;
  const waits = "what is queued waits for `skein resume` or the next prompt";
  return /[.!?]$/.test(reason) ? `${reason} W${waits.slice(1)}.` : `${reason}; ${waits}`;
};

/** `told`: why, where nobody here asked for it. */
const stopped = (draft: Draft, { stopWhy: why, view }: SessionState, told: string): void => {
  if (why === "fault") {
    const isStart = view.status.state === "starting";
    const fault = isStart ? "the agent did not get ready in time" : "the agent fell silent";
    const reason = `${fault} and was ended; the next prompt starts it again`;
    return draft.status({ state: "failed", reason, source: "process" });
  }
  const reason = withQueue(draft, why === null ? told : stoppedReason(why));
  draft.status({ state: "stopped", reason, source: "process" });
};

/** Whether it is called back, by a prompt or by a person, though it was to stop. */
const wake = (draft: Draft, before: SessionState): void => {
  if (before.wake) wakeProcess(draft);
};

export const exited = (draft: Draft, fact: FactOf<"exited">): void => {
  const before = draft.state;
  const undelivered = before.current !== null && !before.current.accepted;
  // Whoever ended it by its own means did not mean a prompt that was on its way.
  const expected = before.stopWhy !== null || (fact.expected && !undelivered);
  endProcess(draft, { ...fact, expected });
  if (expected) {
    stopped(draft, before, fact.reason);
    return wake(draft, before);
  }
  const again = undelivered && mayRestart(draft);
  const { crashes } = draft.state;
  const often = undelivered && !again ? `${fact.reason} (${crashes} times in a row)` : fact.reason;
  draft.status({
    state: fact.unwitnessed ? "lost" : "failed",
    reason: again ? fact.reason : withQueue(draft, often),
    source: "process",
  });
  if (again) advance(draft);
};

/** Nobody looks after its process any more, which may go on. What is sent next cannot start it anew, but where its host is back. */
export const abandon = (
  state: SessionState,
  { reason }: { readonly reason: string },
  context: Context,
): Decision => {
  const draft = makeDraft(state, context);
  if (state.process === "none") return draft.done();
  endProcess(draft, { exitCode: null, signal: null, expected: false, reason });
  draft.status({ state: "lost", reason: withQueue(draft, reason), source: "command" });
  return draft.done();
};

export const startFailed = (draft: Draft, fact: FactOf<"start-failed">): void => {
  const before = draft.state;
  const expected = before.stopWhy !== null;
  endProcess(draft, { exitCode: null, signal: null, expected, reason: fact.message });
  if (expected) {
    stopped(draft, before, fact.message);
    return wake(draft, before);
  }
  const login = fact.code === "backend_not_logged_in";
  draft.status({
    state: login ? "waiting" : "failed",
    waitingFor: login ? "login" : null,
    reason: withQueue(draft, `${fact.message} ${fact.remedy}`),
    source: "process",
  });
};
