/** One prompt, from its first word to its answer. */
import { setTimeout as sleep } from "node:timers/promises";
import { untilThere } from "../fake-llm/held.ts";
import { planAnswer, type Plan } from "../fake-llm/plan.ts";
import { fakeUsage } from "../fake-llm/usage.ts";
import { callTool, type Place } from "./calls.ts";
import { misbehave } from "./misbehave.ts";
import { toolNames } from "./toolbox.ts";
import { object, type Json } from "./wire.ts";

export type Answer =
  | { readonly result: Json }
  | { readonly error: { readonly code: number; readonly message: string; readonly data: Json } };

type Turn = {
  readonly place: Place;
  readonly model: string;
  readonly prompt: string;
  /** All prompts of the conversation, this one included. */
  readonly turns: readonly string[];
  readonly signal: AbortSignal;
  /** Called for each request to the model. */
  readonly request: () => void;
};

type Spoken = Extract<Plan, { does: "answer" }>;

const cancelled: Answer = { result: { stopReason: "cancelled" } };

const failure = (message: string, data: Json = {}): Answer => ({
  error: { code: -32603, message: `Internal error: ${message}`, data },
});

const usageOf = (requests: number): Json => ({
  inputTokens: requests * fakeUsage.input,
  outputTokens: requests * (fakeUsage.output - fakeUsage.reasoning),
  thoughtTokens: requests * fakeUsage.reasoning,
  cachedReadTokens: requests * fakeUsage.cacheRead,
  cachedWriteTokens: requests * fakeUsage.cacheCreation,
  totalTokens: requests * (fakeUsage.input + fakeUsage.output),
});

const pause = (ms: number, signal: AbortSignal): Promise<boolean> =>
  sleep(ms, true, { signal }).catch(() => false);

/** What it says in pieces; gives the call that it ends with, null when it only speaks. */
const speak = async (
  { place, signal }: Turn,
  plan: Spoken,
): Promise<"cancelled" | "cut" | { readonly name: string; readonly input: Json } | null> => {
  let pieces = 0;
  for (const block of plan.blocks) {
    if (block.type === "call") return { name: block.call.name, input: object(block.call.input) };
    const kind = block.type === "text" ? "agent_message_chunk" : "agent_thought_chunk";
    for (const text of block.type === "text" ? block.deltas : [block.text]) {
      if (plan.paceMs !== undefined && !(await pause(plan.paceMs, signal))) return "cancelled";
      if (signal.aborted) return "cancelled";
      place.update({ sessionUpdate: kind, content: { type: "text", text } });
      pieces += 1;
      if (pieces === plan.cutAfter) return "cut";
    }
  }
  if (!(await untilThere(plan.heldUntil, (ms) => pause(ms, signal)))) return "cancelled";
  return null;
};

/** It tries once more where a real one would try more often. */
export const runTurn = async (turn: Turn): Promise<Answer> => {
  const { place, model, turns, signal } = turn;
  const results: string[] = [];
  const failed = new Set<string>();
  const firstTime = (key: string): boolean => !failed.has(key) && failed.add(key).size > 0;
  await misbehave(turn.prompt, place);
  let requests = 0;
  for (let attempts = 0; ;) {
    const tools = toolNames.map((name) => ({ name, form: "json" as const }));
    const plan = planAnswer(
      { id: "", model, stream: true, asksForTitle: false, turns, results, tools },
      firstTime,
    );
    if (plan.does === "fail") {
      attempts += 1;
      if (plan.status >= 429 && attempts < 2) continue;
      return failure(`API Error: ${plan.status} ${plan.text}`, { status: plan.status });
    }
    if (plan.silentMs !== undefined && !(await pause(plan.silentMs, signal))) return cancelled;
    turn.request();
    requests += 1;
    const said = await speak(turn, plan);
    if (said === "cancelled") return cancelled;
    if (said === "cut") return failure("terminated");
    if (said === null) return { result: { stopReason: "end_turn", usage: usageOf(requests) } };
    const done = await callTool(place, said.name, said.input, signal);
    if (done === null) return cancelled;
    results.push(done.text);
  }
};
