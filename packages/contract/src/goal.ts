/**
 * A goal: what a session works towards, turn after turn, without being asked each time. It is Skein's own, the same for every
 * agent: after a turn that was done, the agent is asked to go on, until it says that it is done or blocked, or until
 * what it may spend is spent. A person's prompts go before that.
 */
import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { Instant } from "./primitives.ts";

/** What an agent says in the last line of its last message of a turn. `GOAL BLOCKED:` is followed by the reason. */
export const GOAL_WORDS = { complete: "GOAL COMPLETE", blocked: "GOAL BLOCKED" } as const;

/** Fresh input, cache writes and output count; what was read from the cache does not. */
export const GoalBudget = z.strictObject({
  tokens: z.int().min(1).nullable().describe("null: as many as it takes"),
  usd: z.number().positive().nullable().describe("null: whatever it costs"),
});
export type GoalBudget = z.infer<typeof GoalBudget>;

export const GoalState = z.enum(["active", "paused", "complete", "blocked", "budget", "limit"]);
export type GoalState = z.infer<typeof GoalState>;

export const GoalText = z.string().min(1).max(LIMITS.goalChars);
export const GoalTurns = z.int().min(1).max(LIMITS.goalTurns);

export const Goal = z.object({
  text: z.string(),
  state: GoalState.describe(
    "active: pursued. paused: by a person, or its turn was interrupted. complete, blocked: as the agent said, or a turn failed. budget: spent. limit: as many turns as it may have",
  ),
  reason: z.string().describe("Why it is in that state"),
  budget: GoalBudget,
  spent: z.object({ tokens: z.int().min(0), usd: z.number().min(0) }),
  turnLimit: GoalTurns,
  turns: z.int().min(0).describe("Turns of the session that ended while it was pursued"),
  by: z.string(),
  setAt: Instant,
  since: Instant.describe("When it came into its state"),
});
export type Goal = z.infer<typeof Goal>;
