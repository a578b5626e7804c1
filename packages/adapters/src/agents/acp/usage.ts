/** Tokens and cost of a turn, from wherever an agent tells them. Pure. */
import type { TurnUsage } from "@skein/sdk";
import type { State } from "./state.ts";
import { list, number, object, string, type Json } from "./wire.ts";

/** Sums of dollars in binary: what is below a billionth is noise. */
const rounded = (dollars: number): number => Number(dollars.toFixed(9));

const costOf = ({ cost, costNow }: State): number | null =>
  cost === null || costNow === null ? null : rounded(Math.max(0, costNow - cost));

/**
 * ACP's own `usage`: thoughts are told beside the output there, and with it here. codex-acp 2.6.0 tells them with it, too: its
 * total is full without them.
 */
const ofUsage = (usage: Json, state: State): TurnUsage => {
  const inputTokens = number(usage["inputTokens"]) ?? 0;
  const output = number(usage["outputTokens"]) ?? 0;
  const cacheReadTokens = number(usage["cachedReadTokens"]) ?? 0;
  const cacheWriteTokens = number(usage["cachedWriteTokens"]) ?? 0;
  const reasoningTokens = number(usage["thoughtTokens"]) ?? 0;
  const known = inputTokens + output + cacheReadTokens + cacheWriteTokens;
  return {
    model: state.model,
    inputTokens,
    outputTokens: number(usage["totalTokens"]) === known ? output : output + reasoningTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
    costUsd: costOf(state),
  };
};

/** Gemini CLI 0.61.0: what was read from a cache counts as input, thoughts are not told. */
const ofQuota = (quota: Json, state: State): TurnUsage => {
  const tokens = object(quota["token_count"]);
  const model = string(object(list(quota["model_usage"])[0])["model"]);
  return {
    model: model ?? state.model,
    inputTokens: number(tokens["input_tokens"]) ?? 0,
    outputTokens: number(tokens["output_tokens"]) ?? 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    costUsd: costOf(state),
  };
};

/** null: it told nothing. */
export const usageOf = (result: Json, state: State): TurnUsage | null => {
  if ("usage" in result && result["usage"] !== null) return ofUsage(object(result["usage"]), state);
  const quota = object(object(result["_meta"])["quota"]);
  if ("token_count" in quota) return ofQuota(quota, state);
  const cost = costOf(state);
  return cost === null || cost === 0 ? null : { ...ofUsage({}, state), costUsd: cost };
};

/** A cost that is told while nothing runs is what was spent before. */
export const withCost = (state: State, update: Json): State => {
  const amount = number(object(update["cost"])["amount"]);
  if (amount === null) return state;
  const isBefore = state.turn === null && state.cost === null;
  return { ...state, costNow: amount, cost: isBefore ? amount : state.cost };
};
