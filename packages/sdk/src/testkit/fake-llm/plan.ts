import type { Conversation } from "./conversation.ts";
import { parseScript, scriptUsage, type ScriptWord, type Step } from "./script.ts";
import { callsFor, type ToolCall, type ToolStep } from "./tools.ts";

export type Block =
  | { readonly type: "thinking"; readonly text: string }
  | { readonly type: "text"; readonly deltas: readonly string[] }
  | { readonly type: "call"; readonly call: ToolCall };

/** What the server does with one request. */
export type Plan = { readonly word: ScriptWord | "unclear" | "none" } & (
  | {
      readonly does: "answer";
      readonly blocks: readonly Block[];
      /** Say nothing at all for so long, not even the headers. */
      readonly silentMs?: number;
      /** Wait so long before each delta. */
      readonly paceMs?: number;
      /** All is said, but the answer is not over before this file is there. */
      readonly heldUntil?: string;
      /** Destroy the socket after so many deltas. */
      readonly cutAfter?: number;
      /** End the response in good order, but before the events that say the answer is complete. */
      readonly isTruncated?: true;
    }
  | { readonly does: "fail"; readonly status: number; readonly text: string }
);

const deltasPerSecond = 10;
const maxDeltas = 1000;
const deltaLength = 4096;
const resultLength = 200;

/**
 * Decides what to answer, from the conversation alone. The one memory it needs stands outside: `isFirstTime(key)` says
 * whether this key is asked for the first time (FAILONCE fails then, and only then).
 */
export function planAnswer(
  conversation: Conversation,
  isFirstTime: (key: string) => boolean,
): Plan {
  if (conversation.asksForTitle) return say("none", JSON.stringify({ title: "A fake title" }));
  const prompt = conversation.turns.at(-1) ?? "";
  const steps = parseScript(prompt);
  if (steps.length === 0) return say("none", noWord);

  let done = 0;
  for (const step of steps) {
    if (!isToolStep(step)) return planLastStep(step, prompt, conversation, isFirstTime);
    const calls = callsFor(step, conversation.tools);
    if (calls.length === 0) return say(step.word, withoutTool(step));
    const call = calls[conversation.results.length - done];
    if (call) return { word: step.word, does: "answer", blocks: [{ type: "call", call }] };
    done += calls.length;
  }
  const result = conversation.results.at(-1) ?? "";
  return say(steps.at(-1)?.word ?? "none", `done: ${result.trim().slice(0, resultLength)}`);
}

const noWord = `I am a fake language model. I answer these words: ${Object.values(scriptUsage).join("; ")}.`;

function isToolStep(step: Step): step is ToolStep {
  return ["WRITE", "EDIT", "RUN", "ASK", "TOOL"].includes(step.word);
}

function planLastStep(
  step: Exclude<Step, ToolStep>,
  prompt: string,
  conversation: Conversation,
  isFirstTime: (key: string) => boolean,
): Plan {
  const { word } = step;
  switch (word) {
    case "PONG":
      return say(word, "PONG");
    case "SAY":
      return say(word, step.text);
    case "ECHO":
      return say(word, prompt);
    case "COUNT":
      return say(word, String(conversation.turns.length));
    case "THINK":
      return {
        word,
        does: "answer",
        blocks: [
          { type: "thinking", text: step.text },
          { type: "text", deltas: ["thought"] },
        ],
      };
    case "SLOW": {
      const count = Math.min(maxDeltas, Math.max(2, Math.round(step.seconds * deltasPerSecond)));
      const deltas = Array.from({ length: count }, (_, index) => `${index + 1} `);
      const paceMs = (step.seconds * 1000) / count;
      return {
        word,
        does: "answer",
        blocks: [{ type: "text", deltas: [...deltas, "slow done"] }],
        paceMs,
        ...(step.file === undefined ? {} : { heldUntil: step.file }),
      };
    }
    case "SILENT":
      return { ...say(word, `silent for ${step.seconds} s`), silentMs: step.seconds * 1000 };
    case "CUT":
      return {
        word,
        does: "answer",
        blocks: [{ type: "text", deltas: ["this is ", "cut ", "here"] }],
        cutAfter: 2,
      };
    case "TRUNCATE":
      return { ...say(word, step.text), isTruncated: true };
    case "FAIL":
      return { word, does: "fail", status: step.status, text: failureText(step) };
    case "FAILONCE": {
      const key = JSON.stringify([conversation.id, conversation.turns.length, prompt]);
      if (isFirstTime(key))
        return { word, does: "fail", status: step.status, text: failureText(step) };
      return say(word, `recovered from ${step.status}`);
    }
    case "unclear":
      return say(word, `usage: ${step.usage}`);
  }
}

function say(word: Plan["word"], text: string): Plan & { does: "answer" } {
  return { word, does: "answer", blocks: [{ type: "text", deltas: inDeltas(text) }] };
}

/** Cuts between characters, never inside one: half a surrogate pair is no valid JSON text for every client. */
function inDeltas(text: string): readonly string[] {
  if (text.length <= deltaLength) return [text];
  const deltas: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + deltaLength);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end += 1;
    deltas.push(text.slice(start, end));
    start = end;
  }
  return deltas;
}

function failureText(step: { status: number; text: string }): string {
  return step.text === "" ? `scripted failure ${step.status}` : step.text;
}

/** Where the client has no tool to ask with, the question is asked in plain words. */
function withoutTool(step: ToolStep): string {
  if (step.word === "ASK") return `${step.question} (${step.options.join(" / ")})`;
  return `I was offered no tool that can ${step.word}.`;
}
