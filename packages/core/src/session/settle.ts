/** The status of a session whose process lives: it follows from what the session is, and is said anew when that changes. */
import type { Session, SessionStatus, Turn } from "@skein/contract";
import type { Draft } from "./draft.ts";
import type { SessionState } from "./state.ts";

type Activity = Pick<SessionStatus, "state" | "waitingFor" | "reason">;

const say = (state: SessionStatus["state"], reason: string): Activity => ({
  state,
  waitingFor: null,
  reason,
});

const idleReason = (last: Turn | null): string => {
  if (last === null) return "ready for a prompt";
  if (last.outcome === "interrupted") return "the last turn was interrupted";
  if (last.outcome === "failed")
    return `the last turn failed: ${last.error?.message ?? "no reason given"}`;
  return "the last turn is done";
};

/** No state of its own: what is being stopped still works, or idles, or starts. */
const stopping = ({ current, view, wake, stopWhy }: SessionState): Activity => {
  const isStart = view.status.state === "starting";
  const fault = isStart ? "the agent did not get ready in time" : "the agent fell silent";
  const what = stopWhy === "fault" ? `${fault} and is being ended` : "the agent is being stopped";
  const reason = wake ? `${what}, and starts again after that` : what;
  if (current !== null) return say("working", reason);
  return say(isStart ? "starting" : "idle", reason);
};

const STALLED = "quiet, and not done: ";

/** What ends a turn of a program that is only looked at: said from the beginning, for it may never come. */
const workingReason = ({ program }: Session): string => {
  const ends = [
    ...(program?.ready === undefined ? [] : [`its last line matches ${program.ready}`]),
    ...(program?.marker === undefined ? [] : [`it shows ${program.marker}`]),
  ];
  return `a turn is running${ends.length === 0 ? "" : ` until ${ends.join(" or ")}`}`;
};

/** What was said of this very turn stays, whatever people do meanwhile, and also when a silence was told of with it. */
export const stalledWords = ({ view: { status, turn } }: SessionState): string | null => {
  const start = status.reason.indexOf(STALLED);
  if (start < 0 || status.state !== "working") return null;
  return turn !== null && status.since >= turn.startedAt ? status.reason.slice(start) : null;
};

const running = (state: SessionState): Activity => {
  const { current, open, held, view } = state;
  if (current?.interrupting === true) return say("working", "the turn is being interrupted");
  const [first] = Object.values(open);
  if (first !== undefined) {
    const waitingFor = first.approval.request.kind === "question" ? "question" : "approval";
    return { state: "waiting", waitingFor, reason: first.approval.title };
  }
  if (current !== null) return say("working", stalledWords(state) ?? workingReason(view));
  if (held !== null)
    return { state: "waiting", waitingFor: held, reason: view.lastTurn?.error?.message ?? held };
  return say("idle", idleReason(view.lastTurn));
};

const activityOf = (state: SessionState): Activity => {
  if (state.process === "running") return running(state);
  if (state.process === "stopping") return stopping(state);
  return say("starting", state.how === "new" ? "the agent starts" : "the agent starts again");
};

const AWAY = "unreachable: ";

/** Why it is out of reach, as its status has it. */
const whyAway = ({ view }: SessionState): string =>
  view.status.reason.slice(Math.max(view.status.reason.lastIndexOf(AWAY), 0));

/** What was asked for meanwhile is not done before its host answers, and that is what is said. */
const awayReason = (state: SessionState, why: string): string =>
  state.process === "stopping" ? `it is stopped as soon as its host answers; ${why}` : why;

/** Its last status. What may still run of it is ended now, or when its host answers again. */
export const sayDeleted = (draft: Draft): void => {
  const { process, unreachable } = draft.state;
  if (!unreachable || process === "none")
    return draft.status({ state: "stopped", reason: "deleted", source: "command" });
  const reason = `deleted; its agent is ended as soon as its host answers; ${whyAway(draft.state)}`;
  draft.status({ state: "stopped", reason, source: "process" });
};

/** Its host does not answer: it is what it was, and nobody knows more. */
export const leaveAlone = (draft: Draft, reason: string): void => {
  const { state } = draft;
  draft.status({
    ...state.view.status,
    reason: awayReason(state, `${AWAY}${reason}`),
    source: "process",
  });
};

/**
 * Says what the session does now; nothing when it said so before, and nothing for a process that is gone. An agent that is
 * out of reach stays so, whatever people do meanwhile, until it is `heard`.
 */
export const settle = (draft: Draft, source: SessionStatus["source"], heard = false): void => {
  const { process, unreachable } = draft.state;
  if (process === "none") return;
  const activity = activityOf(draft.state);
  if (unreachable && !heard)
    draft.status({
      ...activity,
      reason: awayReason(draft.state, whyAway(draft.state)),
      source: "process",
    });
  else draft.status({ ...activity, source });
};

/** Of a turn that is running, and that nobody is asked about. `reason` null: it gets on again. */
export const sayStalled = (
  draft: Draft,
  reason: string | null,
  source: SessionStatus["source"],
): void => {
  settle(draft, source, true);
  const { process, current, open, view } = draft.state;
  if (process !== "running" || current === null || current.interrupting) return;
  if (Object.keys(open).length > 0) return;
  const words = reason === null ? workingReason(view) : `${STALLED}${reason}`;
  draft.status({ state: "working", reason: words, source });
};

/** A person says that what held the queue is mended. */
export const unhold = (draft: Draft): void => {
  if (draft.state.held === null) return;
  draft.status({ ...activityOf({ ...draft.state, held: null }), source: "command" });
};
