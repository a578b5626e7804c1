/**
 * Pursuing a goal. Whatever ends a turn is judged once, with the turn; after that, an agent that is free is asked to go on.
 * It is asked only when nobody else wants anything: prompts of people, approvals, a login, a limit go before it.
 */
import { problem, type Goal, type GoalBudget } from "@skein/contract";
import { rejection, type Context, type Decision, type Rejection } from "../decision.ts";
import { makeDraft, type Draft } from "./draft.ts";
import { advance, wakeProcess } from "./flow.ts";
import { become, exhausted, makeWay, pauseGoal } from "./goal-verdict.ts";
import { beginText, continueText } from "./goal-words.ts";
import type { GivenBudget, SessionInput } from "./input.ts";
import { settle, unhold } from "./settle.ts";
import type { SessionState } from "./state.ts";

type Of<T extends SessionInput["type"]> = Extract<SessionInput, { type: T }>;

/**
 * Asks a free agent to go on. Called at the end of whatever may have made it free; does nothing where there is nothing to do, so
 * it may be called once too often.
 */
export const pursue = (draft: Draft): void => {
  const { view, process, current, queue, held, open, unreachable } = draft.state;
  const { goal } = view;
  if (goal?.state !== "active" || view.deletedAt !== null) return;
  if (process !== "running" || current !== null || queue.length > 0) return;
  if (held !== null || unreachable || Object.keys(open).length > 0) return;
  const text = goal.turns === 0 ? beginText(goal.text) : continueText(goal.text, goal.turns);
  draft.emit({
    type: "session.prompt.queued",
    data: { prompt: draft.context.id("prm"), text, how: "goal", by: draft.context.actor },
  });
  advance(draft);
};

const NO_BUDGET: GoalBudget = { tokens: null, usd: null };

/** What is not given stays. */
const budgetOf = (given: GivenBudget | null, before: GoalBudget): GoalBudget => ({
  tokens: given?.tokens === undefined ? before.tokens : given.tokens,
  usd: given?.usd === undefined ? before.usd : given.usd,
});

/** As a prompt would: an agent that has no process is started, one that is being stopped is started after that. */
const goOn = (draft: Draft): void => {
  wakeProcess(draft);
  const { process, wake, view } = draft.state;
  if (process === "stopping" && !wake) {
    const data = { generation: view.generation, why: "restart" as const };
    draft.emit({ type: "session.process.stopping", data });
    settle(draft, "command");
  }
  unhold(draft);
  advance(draft);
  pursue(draft);
};

export const setGoal = (state: SessionState, input: Of<"goal.set">, context: Context): Decision => {
  const draft = makeDraft(state, context);
  makeWay(draft);
  const goal: Goal = {
    text: input.text,
    state: "active",
    reason: "it was set",
    budget: budgetOf(input.budget, NO_BUDGET),
    spent: { tokens: 0, usd: 0 },
    turnLimit: input.turnLimit,
    turns: 0,
    by: context.actor,
    setAt: context.now,
    since: context.now,
  };
  draft.emit({ type: "session.goal", data: { goal, by: context.actor } });
  goOn(draft);
  return draft.done();
};

const noGoal = (name: string): Rejection =>
  rejection(
    problem(
      "no_goal",
      `${name} has no goal.`,
      `Give it one with \`skein goal ${name} 'what should be so'\`.`,
    ),
  );

const OVER = {
  complete: "complete",
  blocked: "blocked",
  budget: "out of budget",
  limit: "out of turns",
} as const;

/** What is over is not paused, and what is reached does not go on: null where the wish makes sense. */
const tooLate = (
  { state, reason }: Goal,
  name: string,
  action: Of<"goal.change">["action"],
): Rejection | null => {
  if (state === "active" || state === "paused" || action === "clear") return null;
  if (action === "resume" && state !== "complete") return null;
  const next =
    state === "complete"
      ? `Set another one with \`skein goal ${name} 'what should be so'\``
      : `It goes on only when it is resumed: \`skein goal ${name} --resume\``;
  return rejection(
    problem(
      "goal_over",
      `The goal of ${name} is ${OVER[state]} (${reason}): there is nothing to ${action}.`,
      `${next}; forget this one with --clear.`,
    ),
  );
};

/** A goal that is spent goes on only with more to spend; nobody is surprised by another turn. */
const resumeGoal = (draft: Draft, goal: Goal, input: Of<"goal.change">): Rejection | null => {
  if (goal.state === "active") {
    goOn(draft);
    return null;
  }
  const budget = budgetOf(input.budget, goal.budget);
  const turnLimit = input.turnLimit ?? goal.turnLimit;
  const over = exhausted({ ...goal, budget, turnLimit }, null);
  if (over !== null)
    return rejection(
      problem(
        "goal_spent",
        `The goal cannot go on: ${over.reason}.`,
        over.state === "budget"
          ? "Resume it with a higher budget: --budget."
          : "Resume it with more turns: --turns.",
      ),
    );
  become(draft, "active", "resumed", { budget, turnLimit });
  goOn(draft);
  return null;
};

export const changeGoal = (
  state: SessionState,
  input: Of<"goal.change">,
  context: Context,
): Decision | Rejection => {
  const { goal, name } = state.view;
  if (goal === null) return noGoal(name);
  const refused = tooLate(goal, name, input.action);
  if (refused !== null) return refused;
  const draft = makeDraft(state, context);
  if (input.action === "resume") return resumeGoal(draft, goal, input) ?? draft.done();
  if (input.action === "pause") pauseGoal(draft, "paused on request");
  else {
    makeWay(draft);
    draft.emit({ type: "session.goal", data: { goal: null, by: context.actor } });
  }
  return draft.done();
};
