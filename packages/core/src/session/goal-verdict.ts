/** What becomes of a goal: by a person's word, by what a turn came to, by what it has cost. */
import type { Goal, Turn } from "@skein/contract";
import type { Draft } from "./draft.ts";

/** A person's prompt goes before what the goal wanted next: that is asked anew when the agent is free again. */
export const makeWay = (draft: Draft): void => {
  for (const { prompt } of draft.state.queue.filter((one) => one.how === "goal"))
    draft.emit({
      type: "session.prompt.dropped",
      data: { prompt, reason: "asked anew, if it is still wanted, when the agent is free" },
    });
};

/** What the goal wanted came back into the queue: not before a person's words, and not when it is pursued no longer. */
export const giveWay = (draft: Draft): void => {
  const { queue, view } = draft.state;
  if (view.goal?.state !== "active" || queue.some((one) => one.how !== "goal")) makeWay(draft);
};

export const become = (
  draft: Draft,
  state: Goal["state"],
  reason: string,
  over?: Partial<Goal>,
): void => {
  const { goal } = draft.state.view;
  if (goal === null) return;
  draft.emit({
    type: "session.goal",
    data: {
      goal: { ...goal, ...over, state, reason, since: draft.context.now },
      by: draft.context.actor,
    },
  });
};

/** A person stopped the work: the goal waits until they say that it goes on. */
export const pauseGoal = (draft: Draft, reason: string): void => {
  if (draft.state.view.goal?.state !== "active") return;
  makeWay(draft);
  become(draft, "paused", reason);
};

/** null: what may be spent is not spent. A cost that nobody knows cannot be kept to a budget. */
const spentReason = ({ budget, spent }: Goal, turn: Turn | null): string | null => {
  if (budget.tokens !== null && spent.tokens >= budget.tokens)
    return `${spent.tokens} of ${budget.tokens} tokens are spent`;
  if (budget.usd === null) return null;
  if (spent.usd >= budget.usd)
    return `$${spent.usd.toFixed(2)} of $${budget.usd.toFixed(2)} are spent`;
  return turn !== null && turn.usage?.costUsd == null
    ? "nobody knows what the last turn cost, so the budget in dollars cannot be kept"
    : null;
};

export const exhausted = (
  goal: Goal,
  turn: Turn | null,
): { state: "budget" | "limit"; reason: string } | null => {
  const spent = spentReason(goal, turn);
  if (spent !== null) return { state: "budget", reason: spent };
  return goal.turns >= goal.turnLimit
    ? { state: "limit", reason: `${goal.turns} of ${goal.turnLimit} turns have gone into it` }
    : null;
};

/** After a turn has ended and is counted. A login or a limit holds the session, not the goal: it goes on when that is mended. */
export const judgeGoal = (draft: Draft, turn: Turn): void => {
  const { view, said, held, queue } = draft.state;
  const { goal } = view;
  if (goal?.state !== "active" || held !== null) return;
  if (turn.outcome === "failed")
    return become(draft, "blocked", `its turn failed: ${turn.error?.message ?? "no reason given"}`);
  if (turn.outcome === "interrupted") {
    // Whoever interrupts with a prompt of their own wants that first, and the goal after it.
    if (queue.length === 0) become(draft, "paused", "its turn was interrupted");
    return;
  }
  if (said !== null) return become(draft, said.word, said.reason);
  const over = exhausted(goal, turn);
  if (over !== null) become(draft, over.state, over.reason);
};
