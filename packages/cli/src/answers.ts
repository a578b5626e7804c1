/**
 * Turns what a person typed into the answers of a question: `--answer 2`, `--answer Red`, `--answer colour=Red`,
 * `--answer '1=my own words'`. Pure. Throws a Failure that names the choices when a word fits none of them.
 */
import type { Approval, Input, Question } from "@skein/contract";
import { EXIT, fail, type Failure } from "./failure.ts";
import { oneLine } from "./format/escape.ts";

type Answers = NonNullable<Input<"approvals.resolve">["answers"]>;

export const answersFor = (approval: Approval, typed: readonly string[]): Answers => {
  if (approval.request.kind !== "question")
    throw mismatch(
      "This is no question; it is allowed or denied.",
      `Use: skein approve ${approval.id}, or: skein deny ${approval.id}`,
    );
  const { questions } = approval.request;
  const answers: Answers = {};
  for (const word of typed) {
    const { question, value, isNamed } = aimed(questions, word);
    if (!isNamed) refuseSlip(questions, question, value);
    const chosen = choice(question, value);
    const already = answers[question.id] ?? [];
    if (already.length > 0 && !question.many)
      throw mismatch(`“${oneLine(question.question)}” takes one answer.`, choices(question));
    answers[question.id] = [...already, chosen];
  }
  const left = questions.find(({ id }) => answers[id] === undefined);
  if (left !== undefined)
    throw mismatch(`“${oneLine(left.question)}” has no answer.`, choices(left));
  return answers;
};

/** Which question a word answers. With one question the whole word may be the answer, also one with `=` in it. */
const aimed = (questions: readonly Question[], word: string) => {
  const [only] = questions;
  if (only !== undefined && questions.length === 1 && find(only, word) !== undefined)
    return { question: only, value: word, isNamed: false };
  const at = word.indexOf("=");
  const name = at < 0 ? undefined : word.slice(0, at).trim();
  const named = questions.find(
    (each, index) =>
      name !== undefined &&
      (name === each.id ||
        name === String(index + 1) ||
        same(name, each.header ?? "") ||
        same(name, each.question)),
  );
  if (named !== undefined) return { question: named, value: word.slice(at + 1), isNamed: true };
  if (only !== undefined && questions.length === 1)
    return { question: only, value: word, isNamed: false };
  const numbered = questions.map((each, index) => `${index + 1} (${oneLine(each.question)})`);
  throw mismatch(
    `It is not clear which question “${oneLine(word)}” answers.`,
    `Write --answer 'NUMBER=ANSWER'; the questions are ${numbered.join(", ")}.`,
  );
};

const same = (a: string, b: string): boolean => a !== "" && a.toLowerCase() === b.toLowerCase();

/** By label first, then by number: an option may be labelled "2". */
const find = ({ options }: Question, value: string): string | undefined => {
  const trimmed = value.trim();
  const labelled =
    options.find(({ label }) => label === value) ??
    options.find(({ label }) => same(label, trimmed));
  const numbered = /^[1-9]\d?$/.test(trimmed) ? options[Number(trimmed) - 1] : undefined;
  return (labelled ?? numbered)?.label;
};

/** A number that no choice has is a slip where there are choices, also where own words would do: a 7 tells the agent nothing. */
const refuseSlip = (questions: readonly Question[], question: Question, value: string): void => {
  const isSlip = question.options.length > 0 && /^\d+$/.test(value.trim());
  if (!isSlip || !question.free || find(question, value) !== undefined) return;
  const number = value.trim();
  throw mismatch(
    `There is no choice ${number} of “${oneLine(question.question)}”.`,
    `${choices(question)}. For the number itself: --answer ${questions.indexOf(question) + 1}=${number}`,
  );
};

const choice = (question: Question, value: string): string => {
  const found = find(question, value) ?? (question.free && value !== "" ? value : undefined);
  if (found !== undefined) return found;
  throw mismatch(
    `“${oneLine(value)}” is none of the choices of “${oneLine(question.question)}”.`,
    choices(question),
  );
};

const choices = ({ options, many }: Question): string => {
  const labels = options.map(({ label }, at) => `${at + 1}) ${oneLine(label)}`).join("  ");
  return `Choose ${many ? "any" : "one"} of: ${labels}`;
};

const mismatch = (message: string, remedy: string): Failure =>
  fail(EXIT.refused, "answer_mismatch", message, remedy);
