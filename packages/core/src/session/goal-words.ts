/** What is said to an agent about its goal, and what it says of it. Pure text. */
import { GOAL_WORDS } from "@skein/contract";

const { complete, blocked } = GOAL_WORDS;

const how =
  `When you have verified that the goal is reached, end your message with this line: ${complete}\n` +
  `When only a person can help you on, end your message with one line: ${blocked}: and what you need.\n` +
  "Otherwise you will be asked to go on.";

/** Handed over for the first turn of a goal. */
export const beginText = (goal: string): string =>
  `You have a goal. Work towards it by yourself, turn after turn.\n\nThe goal:\n${goal}\n\n${how}`;

/** Handed over for each turn after that. The goal is said again: by then the agent may have forgotten it. */
export const continueText = (goal: string, turns: number): string =>
  `Go on towards your goal; ${turns} ${turns === 1 ? "turn has" : "turns have"} gone into it so far. ` +
  `Look at what is done before you do more.\n\nThe goal:\n${goal}\n\n${how}`;

export type GoalWord = { readonly word: "complete" | "blocked"; readonly reason: string };

const MOST_REASON_CHARS = 500;

/** Marks that agents set around a line to make it stand out, and the full stop they end it with. */
const plain = (line: string): string =>
  line
    .trim()
    .replace(/^[*_`#> -]+/, "")
    .replace(/[*_`]+$/, "")
    .trim();

/** What a message says of the goal: only its last line that is not empty counts, so that words quoted from the prompt do not. */
export const wordOf = (message: string): GoalWord | null => {
  const last = plain(message.trimEnd().split("\n").at(-1) ?? "");
  if (last.replace(/\.$/, "") === complete)
    return { word: "complete", reason: "the agent says so" };
  if (last !== blocked && !last.startsWith(`${blocked}:`)) return null;
  const reason = last.slice(blocked.length + 1).trim();
  return {
    word: "blocked",
    reason: reason === "" ? "the agent did not say why" : reason.slice(0, MOST_REASON_CHARS),
  };
};
