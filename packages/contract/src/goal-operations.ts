/** Setting a goal and changing what becomes of it. It is part of the session: `sessions.get` shows it, `sessions.wait` waits for it. */
import { z } from "zod";
import { GoalBudget, GoalText, GoalTurns } from "./goal.ts";
import { LIMITS } from "./limits.ts";
import { operation } from "./operation.ts";
import { ClientId, SessionRef } from "./primitives.ts";
import { Session } from "./session.ts";

const clientId = { clientId: ClientId.optional() };
const output = z.object({ session: Session });

export const goalOperations = {
  "goals.set": operation({
    name: "goals.set",
    summary:
      "Give a session a goal that it works towards, turn after turn, until it is reached, blocked or its budget is spent; takes the place of an earlier one",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/sessions/{session}/goal" },
    input: z.strictObject({
      session: SessionRef,
      text: GoalText,
      budget: GoalBudget.partial().optional().describe("Default: none; checked after each turn"),
      turnLimit: GoalTurns.default(LIMITS.goalTurnsDefault),
      ...clientId,
    }),
    output,
    errors: ["session_not_found", "session_deleted", "prompt_empty", "prompt_is_binary"],
    tool: true,
    example: { session: "fizz-top", text: "All tests pass", budget: { usd: 5 } },
  }),
  "goals.change": operation({
    name: "goals.change",
    summary: "Pause, resume or clear a session's goal; resuming may raise what it may spend",
    kind: "write",
    scope: "operator.write",
    http: { method: "PATCH", path: "/api/sessions/{session}/goal" },
    input: z.strictObject({
      session: SessionRef,
      action: z.enum(["pause", "resume", "clear"]),
      budget: GoalBudget.partial()
        .optional()
        .describe(
          "With resume: what is given takes the place of the old; what was spent stays spent",
        ),
      turnLimit: GoalTurns.optional().describe("With resume: in place of the old one"),
      ...clientId,
    }),
    output,
    errors: ["session_not_found", "session_deleted", "no_goal", "goal_spent", "goal_over"],
    tool: true,
    example: { session: "fizz-top", action: "pause" },
  }),
};
