/** A turn of a fake Codex: the words of Codex 0.169.0, the answers of the fake LLM, no network in between. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Conversation } from "../fake-llm/conversation.ts";
import { untilThere } from "../fake-llm/held.ts";
import { planAnswer, type Block, type Plan } from "../fake-llm/plan.ts";
import { openaiUsage } from "../fake-llm/usage.ts";
import { completeItem, itemId, startItem } from "./item.ts";
import { failTurn, makeErrorWord, retryOffline } from "./failures.ts";
import type { FakeItem, FakeTurn, Store, Tokens } from "./store.ts";
import { emit, endedTurn, keep, startedTurn, tellStatus, type Thread } from "./thread.ts";
import { callTool, offeredTools, type Tooling } from "./tooling.ts";

export type TurnDeps = Tooling & {
  readonly store: Store;
  readonly isFirstTime: (key: string) => boolean;
  readonly isOffline: () => boolean;
};

const beginMs = 10;

const hearPerson = (
  thread: Thread,
  turn: FakeTurn,
  text: string,
  clientId: string | null,
): void => {
  const content = [{ type: "text", text, text_elements: [] }];
  const item = { type: "userMessage", id: randomUUID(), clientId, content };
  thread.stored.said.push(text);
  startItem(thread, item);
  completeItem(thread, turn, item);
};

const add = (a: Tokens, b: Tokens): Tokens => ({
  inputTokens: a.inputTokens + b.inputTokens,
  cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
  cacheWriteInputTokens: a.cacheWriteInputTokens + b.cacheWriteInputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  reasoningOutputTokens: a.reasoningOutputTokens + b.reasoningOutputTokens,
  totalTokens: a.totalTokens + b.totalTokens,
});

const perRequest: Tokens = {
  inputTokens: openaiUsage.input_tokens,
  cachedInputTokens: openaiUsage.input_tokens_details.cached_tokens,
  cacheWriteInputTokens: openaiUsage.input_tokens_details.cache_write_tokens,
  outputTokens: openaiUsage.output_tokens,
  reasoningOutputTokens: openaiUsage.output_tokens_details.reasoning_tokens,
  totalTokens: openaiUsage.total_tokens,
};

const count = (thread: Thread, turn: FakeTurn): void => {
  thread.stored.total = add(thread.stored.total, perRequest);
  const tokenUsage = { total: thread.stored.total, last: perRequest, modelContextWindow: 258_400 };
  emit(thread, "thread/tokenUsage/updated", { turnId: turn.id, tokenUsage });
};

type Answer = Extract<Plan, { does: "answer" }>;

type Spoken = "whole" | "cut" | "steered";

/** A steering breaks off the answer in the middle, as in 0.169.0: that message is never completed. */
const speak = async (
  thread: Thread,
  turn: FakeTurn,
  block: Extract<Block, { type: "text" }>,
  plan: Answer,
  signal: AbortSignal,
): Promise<Spoken> => {
  const item = { type: "agentMessage", id: itemId("msg"), text: "" };
  startItem(thread, item);
  const cutAfter = plan.isTruncated ? 2 : plan.cutAfter;
  let text = "";
  for (const [index, delta] of block.deltas.entries()) {
    if (plan.paceMs !== undefined) await sleep(plan.paceMs, undefined, { signal });
    if (index === cutAfter) return "cut";
    if ((thread.active?.steered.length ?? 0) > 0) return "steered";
    text += delta;
    if (delta !== "")
      emit(thread, "item/agentMessage/delta", { turnId: turn.id, itemId: item.id, delta });
  }
  await untilThere(plan.heldUntil, (ms) => sleep(ms, undefined, { signal }));
  if ((thread.active?.steered.length ?? 0) > 0) return "steered";
  completeItem(thread, turn, { ...item, text });
  return "whole";
};

const think = (thread: Thread, turn: FakeTurn, text: string): void => {
  const item = { type: "reasoning", id: itemId("rs"), summary: [] as string[], content: [] };
  startItem(thread, item);
  emit(thread, "item/reasoning/summaryTextDelta", {
    turnId: turn.id,
    itemId: item.id,
    delta: text,
  });
  completeItem(thread, turn, { ...item, summary: [text] });
};

const conversationOf = (thread: Thread, results: readonly string[]): Conversation => ({
  id: thread.stored.id,
  model: thread.stored.model,
  stream: true,
  asksForTitle: false,
  turns: thread.stored.said,
  results,
  tools: offeredTools,
});

const planned = (thread: Thread, results: readonly string[], deps: TurnDeps): Plan => {
  const plan = planAnswer(conversationOf(thread, results), deps.isFirstTime);
  // Codex asks once more before it says anything.
  return plan.does === "fail"
    ? planAnswer(conversationOf(thread, results), deps.isFirstTime)
    : plan;
};

type Round = { readonly done: boolean; readonly results: readonly string[] };

/** One request to the model and what it leads to. */
const answerOnce = async (
  thread: Thread,
  turn: FakeTurn,
  results: readonly string[],
  deps: TurnDeps,
  signal: AbortSignal,
): Promise<Round> => {
  const plan = planned(thread, results, deps);
  if (plan.does === "fail") return failTurn(thread, turn, plan.status, plan.text);
  if (plan.silentMs !== undefined) await sleep(plan.silentMs, undefined, { signal });
  const made: string[] = [];
  for (const block of plan.blocks) {
    if (block.type === "thinking") think(thread, turn, block.text);
    else if (block.type === "text") {
      const spoken = await speak(thread, turn, block, plan, signal);
      if (spoken === "steered") return { done: true, results };
      if (spoken === "cut") {
        emit(thread, "error", makeErrorWord(turn, null, true));
        await speak(thread, turn, block, plan, signal);
        return failTurn(thread, turn, null, "");
      }
    } else made.push(await callTool(thread, turn, block.call, deps));
  }
  signal.throwIfAborted();
  count(thread, turn);
  return { done: made.length === 0, results: [...results, ...made] };
};

const converse = async (thread: Thread, turn: FakeTurn, deps: TurnDeps): Promise<void> => {
  const { active } = thread;
  if (active === null) return;
  const { signal } = active.stop;
  if (deps.isOffline()) await retryOffline(thread, turn, signal);
  let results: readonly string[] = [];
  for (let round = 0; round < maxRounds; round += 1) {
    const { done, results: next } = await answerOnce(thread, turn, results, deps, signal);
    results = next;
    const joined = active.steered.splice(0);
    for (const { text, clientId } of joined) hearPerson(thread, turn, text, clientId);
    if (joined.length > 0) results = [];
    else if (done || turn.status === "failed") return;
    keep(thread, deps.store);
  }
};
const maxRounds = 200;

/** Takes the prompt at once; its turn goes on by itself. */
export const beginTurn = (
  thread: Thread,
  prompt: { readonly text: string; readonly clientId: string | null },
  deps: TurnDeps,
): FakeTurn => {
  const turn: FakeTurn = { id: randomUUID(), items: [], status: "inProgress", error: null };
  const stop = new AbortController();
  const active = { turn, started: false, stop, steered: [], running: new Map<string, FakeItem>() };
  thread.active = active;
  thread.stored.turns.push(turn);
  keep(thread, deps.store);
  const run = async (): Promise<void> => {
    await sleep(beginMs);
    tellStatus(thread);
    active.started = true;
    emit(thread, "turn/started", { turn: startedTurn(turn) });
    hearPerson(thread, turn, prompt.text, prompt.clientId);
    keep(thread, deps.store);
    try {
      await converse(thread, turn, deps);
      if (turn.status === "inProgress") turn.status = "completed";
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      turn.status = "interrupted";
    }
    thread.active = null;
    keep(thread, deps.store);
    tellStatus(thread);
    emit(thread, "turn/completed", { turn: endedTurn(turn) });
  };
  void run();
  return turn;
};
