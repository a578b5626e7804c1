/** What a turn cost: the vendor's own figure where it gives one, else the price table's. */
import type { Usage } from "@skein/contract";
import type { TurnUsage } from "@skein/sdk";

/** The table of @pydantic/genai-prices that is installed; loaded at first need, for it is large. */
const PRICES = "genai-prices 0.1.8";

const priced = async (vendor: string | undefined, usage: TurnUsage): Promise<number | null> => {
  if (usage.model === null) return null;
  const { calcPrice } = await import("@pydantic/genai-prices");
  const result = calcPrice(
    {
      // The table wants the whole input; ours is the part that no cache had to do with.
      input_tokens: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
      cache_read_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      output_tokens: usage.outputTokens,
    },
    usage.model,
    vendor === undefined ? {} : { providerId: vendor },
  );
  return result?.total_price ?? null;
};

/** Never rejects: a turn without a known price has a null cost. `vendor`: whose model it is; undefined: told by its name. */
export const priceUsage = async (vendor: string | undefined, usage: TurnUsage): Promise<Usage> => {
  const tokens = {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.cacheReadTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    reasoningTokens: usage.reasoningTokens,
  };
  if (usage.costUsd !== null)
    return { ...tokens, costUsd: usage.costUsd, costSource: "vendor", pricesVersion: null };
  const costUsd = await priced(vendor, usage).catch(() => null);
  return costUsd === null
    ? { ...tokens, costUsd: null, costSource: null, pricesVersion: null }
    : { ...tokens, costUsd, costSource: "prices", pricesVersion: PRICES };
};
