/** What several decisions share: beginning a turn, starting a process, ending a turn. */
import type { TurnError, TurnOutcome, Usage } from "@skein/contract";
import type { Draft } from "./draft.ts";
import { giveWay, judgeGoal } from "./goal-verdict.ts";
import { settle } from "./settle.ts";
import type { SessionState } from "./state.ts";

/** Unexpected ends in a row, with a prompt that nobody took, before a person must look. */
const MAX_CRASHES = 3;

/** With which conversation the next process would begin. */
export const howToStart = ({ view, forkFrom }: SessionState): SessionState["how"] =>
  view.providerSessionId !== null ? "resume" : forkFrom !== null ? "fork" : "new";

const startProcess = (draft: Draft): void => {
  const { view, forkFrom } = draft.state;
  const how = howToStart(draft.state);
  const generation = view.generation + 1;
  draft.emit({ type: "session.process.starting", data: { generation, how } });
  draft.effect({ kind: "agent.start", how, forkFrom: how === "fork" ? forkFrom : null });
  settle(draft, "command");
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
  settle(draft, "command");
};

/**
 * Gives the agent its next prompt, and life first where it has none. The agent gets one prompt at a time, and none while it
 * is out of reach: it waits where a person can see it, and take it back.
 */
export const advance = (draft: Draft): void => {
  const { process, current, queue, view, unreachable } = draft.state;
  if (view.deletedAt !== null || queue.length === 0 || current !== null) return;
  if (process === "running" && !unreachable) beginTurn(draft);
  if (process === "none") startProcess(draft);
};

/** A prompt that the agent never took goes back to the head of the queue; the turn that was made for it is over. */
export const returnPrompt = (draft: Draft, reason: string): void => {
  const { current, view } = draft.state;
  if (current === null) return;
  draft.emit({ type: "session.prompt.returned", data: { prompt: current.prompt, reason } });
  giveWay(draft);
  if (view.turn === null) return;
  const turn = { ...view.turn, endedAt: draft.context.now, outcome: "interrupted" as const };
  draft.emit({ type: "session.turn.ended", data: { turn } });
};

export const wakeProcess = (draft: Draft): void => {
  if (draft.state.process === "none" && draft.state.view.deletedAt === null) startProcess(draft);
};

export const mayRestart = (draft: Draft): boolean => draft.state.crashes < MAX_CRASHES;

/** Approvals of a turn that is over wait for nobody. */
export const expireApprovals = (draft: Draft, reason: string): void => {
  for (const id of Object.keys(draft.state.open)) {
    draft.emit({
      type: "approval.expired",
      data: { approval: id, session: draft.state.view.id, reason },
    });
  }
};

/** What was running when its turn, or (null) its process, ended. */
export const closeItems = (draft: Draft, turn: string | null): void => {
  const open = Object.values(draft.state.openItems)
    .filter((item) => turn === null || item.turn === turn)
    .toSorted((a, b) => a.order - b.order);
  for (const item of open) {
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
  const { outcome, error, usage } = end;
  expireApprovals(draft, "its turn ended");
  closeItems(draft, turn.id);
  const ended = { ...turn, outcome, error, usage, endedAt: draft.context.now };
  draft.emit({ type: "session.turn.ended", data: { turn: ended } });
  judgeGoal(draft, ended);
};

/** How a turn ends that is ended because the agent fell silent. */
export const silentError: TurnError = {
  kind: "silent",
  message: "The agent said nothing for too long and was ended.",
  remedy: "Check its network and login with `skein doctor`, then send again.",
};
