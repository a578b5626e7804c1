/** What several decisions share: beginning a turn, starting a process, ending a turn, settling the status. */
import type { SessionStatus, TurnError, TurnOutcome, Usage } from "@skein/contract";
import type { Draft } from "./draft.ts";

/** Starts without an accepted prompt in between that are tried before a person must look. */
const MAX_RESTARTS = 3;

const startProcess = (draft: Draft): void => {
  const { view, forkFrom } = draft.state;
  const how = view.providerSessionId !== null ? "resume" : forkFrom !== null ? "fork" : "new";
  const generation = view.generation + 1;
  draft.emit({ type: "session.process.starting", data: { generation, how } });
  draft.effect({ kind: "agent.start", how, forkFrom: how === "fork" ? forkFrom : null });
  draft.status({
    state: "starting",
    reason: how === "new" ? "the agent starts" : "the agent starts again",
    source: "command",
  });
};

const beginTurn = (draft: Draft): void => {
  const next = draft.state.queue[0];
  if (next === undefined) return;
  const id = draft.context.id("trn");
  draft.emit({
    type: "session.turn.started",
    data: {
      turn: {
        id,
        number: draft.state.view.turns + 1,
        prompt: next.prompt,
        startedAt: draft.context.now,
        endedAt: null,
        outcome: null,
        error: null,
        usage: null,
      },
    },
  });
  draft.effect({ kind: "agent.prompt", turn: id, prompt: next.prompt, text: next.text });
  draft.status({ state: "working", reason: "a turn is running", source: "command" });
};

/** Gives the agent its next prompt, and life first where it has none. The agent gets one prompt at a time. */
export const advance = (draft: Draft): void => {
  const { process, current, queue, view } = draft.state;
  if (view.deletedAt !== null || queue.length === 0 || current !== null) return;
  if (process === "running") beginTurn(draft);
  if (process === "none") startProcess(draft);
};

export const wakeProcess = (draft: Draft): void => {
  if (draft.state.process === "none") startProcess(draft);
};

export const mayRestart = (draft: Draft): boolean => draft.state.restarts < MAX_RESTARTS;

/** Approvals of a turn that is over wait for nobody. */
export const expireApprovals = (draft: Draft, reason: string): void => {
  for (const id of Object.keys(draft.state.open)) {
    draft.emit({
      type: "approval.expired",
      data: { approval: id, session: draft.state.view.id, reason },
    });
  }
};

const closeOpenItems = (draft: Draft): void => {
  for (const item of Object.values(draft.state.openItems)) {
    const body =
      "status" in item.body ? { ...item.body, status: "interrupted" as const } : item.body;
    draft.emit({ type: "session.item", data: { item: { ...item, body } } });
  }
};

export const endTurn = (
  draft: Draft,
  end: {
    readonly outcome: TurnOutcome;
    readonly error: TurnError | null;
    readonly usage: Usage | null;
  },
): void => {
  const { turn } = draft.state.view;
  if (turn === null) return;
  expireApprovals(draft, "its turn ended");
  closeOpenItems(draft);
  draft.emit({
    type: "session.turn.ended",
    data: { turn: { ...turn, ...end, endedAt: draft.context.now } },
  });
};

/** The status of a session whose process waits for the next prompt. */
export const settleIdle = (draft: Draft): void => {
  const { lastTurn } = draft.state.view;
  const error = lastTurn?.error ?? null;
  if (error?.kind === "login" || error?.kind === "limit") {
    draft.status({
      state: "waiting",
      waitingFor: error.kind,
      reason: error.message,
      source: "protocol",
    });
    return;
  }
  draft.status({ state: "idle", reason: idleReason(lastTurn), source: "protocol" });
};

const idleReason = (lastTurn: Draft["state"]["view"]["lastTurn"]): string => {
  if (lastTurn === null) return "ready for a prompt";
  if (lastTurn.outcome === "interrupted") return "the last turn was interrupted";
  if (lastTurn.outcome === "failed")
    return `the last turn failed: ${lastTurn.error?.message ?? "no reason given"}`;
  return "the last turn is done";
};

/** Working, or waiting for the oldest open approval. */
export const settleWorking = (draft: Draft, source: SessionStatus["source"]): void => {
  const first = Object.values(draft.state.open)[0];
  if (first === undefined) {
    if (draft.state.current !== null)
      draft.status({ state: "working", reason: "a turn is running", source });
    return;
  }
  const waitingFor = first.approval.request.kind === "question" ? "question" : "approval";
  draft.status({ state: "waiting", waitingFor, reason: first.approval.title, source });
};
