/** Tokens and money, of a turn, a session or all. */
import { z } from "zod";

const tokens = z.int().min(0);

export const Usage = z.object({
  inputTokens: tokens.describe(
    "Fresh input tokens, without those read from or written to the cache",
  ),
  outputTokens: tokens.describe("Output tokens, reasoning included"),
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  reasoningTokens: tokens.describe(
    "The part of outputTokens spent on reasoning, where the vendor tells it",
  ),
  costUsd: z
    .number()
    .min(0)
    .nullable()
    .describe("US dollars; null when neither the vendor nor the price table knows"),
  costSource: z.enum(["vendor", "prices", "mixed"]).nullable(),
  pricesVersion: z
    .string()
    .nullable()
    .describe("Version of the price table the cost was computed from"),
});
export type Usage = z.infer<typeof Usage>;

export const noUsage: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costUsd: null,
  costSource: null,
  pricesVersion: null,
};

/** Adds two usages; an unknown cost added to a known one leaves the known one (the tokens tell the rest). */
export const addUsage = (a: Usage, b: Usage): Usage => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
  cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
  reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  costUsd: a.costUsd === null ? b.costUsd : b.costUsd === null ? a.costUsd : a.costUsd + b.costUsd,
  costSource:
    a.costSource === null
      ? b.costSource
      : b.costSource === null || b.costSource === a.costSource
        ? a.costSource
        : "mixed",
  pricesVersion: b.pricesVersion ?? a.pricesVersion,
});
