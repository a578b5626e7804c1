/** Tokens and cost of a turn, from sums that grow with the process. Pure. */
import type { TurnUsage } from "@skein/sdk";
import type { State } from "./state.ts";
import type { ResultLine, Tokens } from "./wire.ts";

const minus = (one: Tokens, other: Tokens): Tokens => ({
  input: Math.max(0, one.input - other.input),
  output: Math.max(0, one.output - other.output),
  cacheRead: Math.max(0, one.cacheRead - other.cacheRead),
  cacheWrite: Math.max(0, one.cacheWrite - other.cacheWrite),
});

/** Sums of dollars in binary: what is below a billionth is noise. */
const rounded = (dollars: number): number => Number(dollars.toFixed(9));

/**
 * What was used since the last turn that ended: subagents, small helper models and runs of the agent's own are in the
 * sums of the process, and so in the turn after them; `usage` of the result would leave them out.
 */
export const countTurn = (
  state: State,
  result: ResultLine,
): { readonly usage: TurnUsage; readonly counted: State["counted"] } => {
  const { counted } = state;
  const tokens = result.totals === null ? result.usage : minus(result.totals, counted.tokens);
  const cost = result.totalCostUsd;
  return {
    usage: {
      model: state.model,
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      cacheReadTokens: tokens.cacheRead,
      cacheWriteTokens: tokens.cacheWrite,
      // Claude counts them among the output.
      reasoningTokens: 0,
      costUsd: cost === null ? null : rounded(Math.max(0, cost - counted.costUsd)),
    },
    counted: { tokens: result.totals ?? counted.tokens, costUsd: cost ?? counted.costUsd },
  };
};
