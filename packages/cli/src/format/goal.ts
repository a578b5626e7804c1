/** A goal in words: what it is, how far it has come, what it has cost. */
import type { Goal } from "@skein/contract";
import { oneLine } from "./escape.ts";
import { count } from "./usage.ts";

export const goalWords = (goal: Goal): string =>
  `${goal.state} - ${oneLine(goal.text)} (${oneLine(goal.reason)}; ${effortWords(goal)})`;

export const spentWords = ({ spent, budget }: Goal): string => {
  const tokens = `${count(spent.tokens)}${of(budget.tokens, count)} tokens`;
  const usd = `$${spent.usd.toFixed(2)}${of(budget.usd, (most) => `$${most.toFixed(2)}`)}`;
  return `${tokens}, ${usd}`;
};

export const turnWords = ({ turns, turnLimit }: Goal): string => `${turns} of ${turnLimit}`;

const effortWords = (goal: Goal): string => `${turnWords(goal)} turns, ${spentWords(goal)}`;

const of = (most: number | null, words: (most: number) => string): string =>
  most === null ? "" : ` of ${words(most)}`;
