/** Deciding an approval. Exactly one decision wins: the lane lets one in at a time, and the first closes the approval. */
import {
  problem,
  type Approval,
  type Problem,
  type Question,
  type Resolution,
} from "@skein/contract";
import { rejection, type Context, type Decision, type Rejection } from "../decision.ts";
import { makeDraft } from "./draft.ts";
import type { SessionInput } from "./input.ts";
import { own } from "./record.ts";
import { settle } from "./settle.ts";
import type { SessionState } from "./state.ts";

type Resolve = Extract<SessionInput, { type: "resolve" }>;

const mismatch = (message: string, remedy: string): Problem =>
  problem("answer_mismatch", message, remedy);

const questionProblem = (
  question: Question,
  chosen: readonly string[] | undefined,
): Problem | null => {
  if (chosen === undefined || chosen.length === 0) {
    return mismatch(
      `The question "${question.question}" has no answer.`,
      question.options.length === 0
        ? "Answer it in your own words."
        : `Answer it: one of ${question.options.map((one) => one.label).join(", ")}.`,
    );
  }
  if (chosen.length > 1 && !question.many) {
    return mismatch(
      `The question "${question.question}" takes one answer, ${chosen.length} were given.`,
      "Give one.",
    );
  }
  if (chosen.some((one) => one.trim() === "")) {
    return mismatch(`An answer to "${question.question}" is empty.`, "Say something, or deny it.");
  }
  const labels = question.options.map((one) => one.label);
  // Where nothing is offered, only a text of one's own can answer.
  const isFree = question.free || labels.length === 0;
  const unknown = isFree ? undefined : chosen.find((one) => !labels.includes(one));
  return unknown === undefined
    ? null
    : mismatch(
        `"${unknown}" is no option of "${question.question}".`,
        `Choose one of ${labels.join(", ")}.`,
      );
};

const answersProblem = (
  questions: readonly Question[],
  answers: NonNullable<Resolve["answers"]>,
): Problem | null => {
  const stray = Object.keys(answers).find(
    (id) => !questions.some((question) => question.id === id),
  );
  if (stray !== undefined) {
    return mismatch(
      `There is no question with the id ${stray}.`,
      `The ids are ${questions.map((one) => one.id).join(", ")}.`,
    );
  }
  for (const question of questions) {
    const found = questionProblem(question, own(answers, question.id));
    if (found !== null) return found;
  }
  return null;
};

const requestProblem = ({ request, canAlways }: Approval, input: Resolve): Problem | null => {
  const asksQuestions = request.kind === "question";
  if (input.decision === "answer" && !asksQuestions) {
    return mismatch("This approval asks for no answer.", "Decide it with allow, always or deny.");
  }
  if (asksQuestions && (input.decision === "allow" || input.decision === "always")) {
    return mismatch("This is a question: it needs an answer.", "Answer it, or deny it.");
  }
  if (input.decision === "always" && !canAlways) {
    return mismatch(
      "The agent offers no permission for the rest of the session here.",
      "Allow it once.",
    );
  }
  return request.kind === "question" && input.decision === "answer"
    ? answersProblem(request.questions, input.answers ?? {})
    : null;
};

const copyAnswers = (answers: Resolve["answers"]): Resolution["answers"] =>
  answers === null
    ? null
    : Object.fromEntries(Object.entries(answers).map(([id, chosen]) => [id, [...chosen]]));

export const resolve = (
  state: SessionState,
  input: Resolve,
  context: Context,
): Decision | Rejection => {
  const open = own(state.open, input.approval);
  if (open === undefined) {
    return rejection(
      problem(
        "already_resolved",
        "This approval no longer waits for a decision.",
        "Look at it with `skein approvals --all`.",
      ),
    );
  }
  const wrong = requestProblem(open.approval, input);
  if (wrong !== null) return rejection(wrong);
  const resolution: Resolution = {
    decision: input.decision,
    message: input.message,
    answers: input.decision === "answer" ? copyAnswers(input.answers) : null,
    by: context.actor,
    at: context.now,
  };
  const draft = makeDraft(state, context);
  draft.emit({
    type: "approval.resolved",
    data: { approval: input.approval, session: state.view.id, resolution },
  });
  draft.effect({
    kind: "agent.answer",
    approval: input.approval,
    request: open.request,
    asked: open.approval.request,
    resolution,
  });
  settle(draft, "command");
  return draft.done({ resolution });
};
