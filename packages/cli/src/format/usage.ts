/** Tokens and money for people. */
import type { Usage } from "@skein/contract";

export const costWords = ({ costUsd }: Usage): string => {
  if (costUsd === null) return "-";
  return `$${costUsd.toFixed(costUsd < 1 ? 4 : 2)}`;
};

export const count = (tokens: number): string => {
  if (tokens < 10_000) return String(tokens);
  if (tokens < 1_000_000) return `${(tokens / 1_000).toFixed(1)}k`;
  return `${(tokens / 1_000_000).toFixed(2)}M`;
};

export const usageWords = (usage: Usage): string => {
  const cached = usage.cacheReadTokens + usage.cacheWriteTokens;
  const parts = [`${count(usage.inputTokens)} in`, `${count(usage.outputTokens)} out`];
  if (cached > 0) parts.push(`${count(cached)} cached`);
  if (usage.costUsd !== null) parts.push(costWords(usage));
  return parts.join(", ");
};
