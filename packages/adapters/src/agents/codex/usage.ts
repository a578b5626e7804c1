/**
 * Tokens of a turn. Codex 0.169.0 counts by thread: `total` goes on over turns, resumes and forks, and `last` is the newest
 * request alone, told again after a reconnect and a cut stream. So a turn's usage is total now less total before it.
 */
import type { TurnUsage } from "@skein/sdk";
import type { TokenUsageBreakdown } from "./generated/protocol.ts";

export type Totals = {
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
};

export const NO_TOKENS: Totals = { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };

export const totalsOf = (tokens: TokenUsageBreakdown): Totals => ({
  input: tokens.inputTokens,
  cached: tokens.cachedInputTokens,
  // Absent before 0.169.
  cacheWrite: tokens.cacheWriteInputTokens ?? 0,
  output: tokens.outputTokens,
  reasoning: tokens.reasoningOutputTokens,
});

const less = (a: number, b: number): number => Math.max(0, a - b);

export const minus = (a: Totals, b: Totals): Totals => ({
  input: less(a.input, b.input),
  cached: less(a.cached, b.cached),
  cacheWrite: less(a.cacheWrite, b.cacheWrite),
  output: less(a.output, b.output),
  reasoning: less(a.reasoning, b.reasoning),
});

/** The later of two counts of one thread: they only grow. */
export const later = (a: Totals | null, b: Totals | null): Totals | null => {
  if (a === null || b === null) return a ?? b;
  return b.input + b.output > a.input + a.output ? b : a;
};

/** null when nothing was counted. Cost: the vendor tells none. */
export const turnUsage = (
  before: Totals | null,
  now: Totals | null,
  model: string | null,
): TurnUsage | null => {
  if (before === null || now === null) return null;
  const { input, cached, cacheWrite, output, reasoning } = minus(now, before);
  if (input === 0 && output === 0) return null;
  return {
    model,
    // Codex's input tokens include those from and to the cache.
    inputTokens: less(input, cached + cacheWrite),
    outputTokens: output,
    cacheReadTokens: cached,
    cacheWriteTokens: cacheWrite,
    reasoningTokens: reasoning,
    costUsd: null,
  };
};

/**
 * The newest count in the last bytes of a thread's own file (`rollout-*.jsonl`): for a turn that went on while no
 * client was there, because the server tells its clients counts only as they change. null when there is none.
 */
export const totalsInRollout = (tail: string): Totals | null => {
  for (const line of tail.split("\n").toReversed()) {
    if (!line.includes('"token_count"')) continue;
    const found = parseCount(line);
    if (found !== null) return found;
  }
  return null;
};

const parseCount = (line: string): Totals | null => {
  try {
    const { payload } = JSON.parse(line) as {
      payload?: { info?: { total_token_usage?: Record<string, unknown> } | null };
    };
    const total = payload?.info?.total_token_usage;
    if (total === undefined) return null;
    const count = (name: string) => (typeof total[name] === "number" ? total[name] : 0);
    return {
      input: count("input_tokens"),
      cached: count("cached_input_tokens"),
      cacheWrite: count("cache_write_input_tokens"),
      output: count("output_tokens"),
      reasoning: count("reasoning_output_tokens"),
    };
  } catch {
    return null;
  }
};
