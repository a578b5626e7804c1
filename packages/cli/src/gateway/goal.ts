/** `GET` and `POST /goal`, as dev-sessions' gateway has them (its version 0.4.4). */
import { refuse, type Input, type Session } from "@skein/contract";
import type { Ask, ShortRoute } from "./ask.ts";
import { countOf, neededText, onlyThese, textOf } from "./shapes.ts";

const MOST_TOKENS = 999_999_999;

export const goal: ShortRoute = async ({ client, fields, signal }) => {
  const { session } = await client.call(
    "sessions.get",
    { session: neededText(fields, "id") },
    { signal },
  );
  return { goal: session.goal, session };
};

type Budget = Input<"goals.change">["budget"];

/** active, without an objective: go on, with what may be spent now. */
const change = async (
  { client, signal }: Ask,
  session: string,
  status: string,
  budget: Budget,
): Promise<{ readonly session: Session }> => {
  if (status !== "active" && status !== "paused")
    throw refuse("invalid_input", "status must be active or paused.", "Correct it.");
  const action = status === "paused" ? "pause" : "resume";
  const more = budget === undefined ? {} : { budget };
  return client.call("goals.change", { session, action, ...more }, { signal });
};

export const setGoal: ShortRoute = async (ask) => {
  const { client, fields, signal } = ask;
  onlyThese(fields, ["sessionId", "objective", "status", "tokenBudget", "clear"]);
  const session = neededText(fields, "sessionId");
  const text = textOf(fields, "objective");
  const status = textOf(fields, "status");
  const tokens = countOf(fields, "tokenBudget", 0, MOST_TOKENS);
  const budget = tokens === 0 ? undefined : { tokens, usd: null };
  const given = [text, status, budget].filter((each) => each !== undefined);
  if (fields["clear"] === true ? given.length > 0 : given.length === 0)
    throw refuse(
      "invalid_input",
      "Either clear stands alone, or there is an objective, a status or a tokenBudget.",
      "See docs/sandbox.md for what each route takes.",
    );
  if (fields["clear"] === true) {
    const answer = await client.call("goals.change", { session, action: "clear" }, { signal });
    return { cleared: true, ...answer };
  }
  if (text === undefined) {
    const changed = await change(ask, session, status ?? "active", budget);
    return { goal: changed.session.goal, ...changed };
  }
  if (status === "paused")
    throw refuse("invalid_input", "A new objective is not paused.", "Leave status out.");
  const more = budget === undefined ? {} : { budget };
  const set = await client.call("goals.set", { session, text, ...more }, { signal });
  return { goal: set.session.goal, ...set };
};
