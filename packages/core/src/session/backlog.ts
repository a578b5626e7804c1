/** What waits for the agent is part of the state, and written with it: so it has a limit, in prompts and in bytes. */
import { problem } from "@skein/contract";
import { rejection, type Rejection } from "../decision.ts";
import type { SessionInput } from "./input.ts";
import type { SessionState } from "./state.ts";

type Send = Extract<SessionInput, { type: "send" }>;

/** Bytes of UTF-8. */
const bytesOf = (text: string): number => {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) bytes++;
    // Each half of a pair is two of its four bytes.
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes++;
  }
  return bytes;
};

const isTooMuch = (texts: readonly string[], limit: number): boolean => {
  // A character is at most three bytes for each UTF-16 unit: short texts need no counting.
  if (texts.reduce((sum, text) => sum + text.length, 0) * 3 <= limit) return false;
  return texts.reduce((sum, text) => sum + bytesOf(text), 0) > limit;
};

const remedy = "Wait until the agent has worked some off, or interrupt with clearQueue.";

/** null: there is room for one more. Words that steer count until the agent has taken them. */
export const queueFull = (state: SessionState, input: Send): Rejection | null => {
  const waiting = [...state.queue, ...state.steers.filter((one) => !one.taken)];
  const { queueLimit, queueBytes } = input;
  if (waiting.length >= queueLimit)
    return rejection(problem("queue_full", `${queueLimit} prompts wait already.`, remedy));
  if (!isTooMuch([...waiting.map((one) => one.text), input.text], queueBytes)) return null;
  const most = `The prompts that wait may have ${queueBytes} bytes together; with this one they would have more.`;
  return rejection(problem("queue_full", most, remedy));
};
