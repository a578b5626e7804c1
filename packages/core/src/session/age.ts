/** Whether a session that was left alone for long may be deleted. Only one that nothing and nobody waits for. */
import type { Context, Decision } from "../decision.ts";
import { remove } from "./commands.ts";
import { makeDraft } from "./draft.ts";
import type { SessionInput } from "./input.ts";
import type { SessionState } from "./state.ts";

/** Never one that works or may be working unseen, waits for a person, has something left to do, or an open approval. */
const isAlone = ({ view, current, queue, open, unreachable, process }: SessionState): boolean => {
  const { state } = view.status;
  const rests = state === "idle" || state === "stopped" || state === "failed" || state === "lost";
  const settled = process === "none" || process === "running";
  const wants = current !== null || queue.length > 0 || Object.keys(open).length > 0;
  return rests && settled && !wants && !unreachable && view.goal?.state !== "active";
};

export const age = (
  state: SessionState,
  { deleteAfterMs }: Extract<SessionInput, { type: "age" }>,
  context: Context,
): Decision => {
  const old = Date.parse(context.now) - Date.parse(state.view.activeAt) >= deleteAfterMs;
  return old && isAlone(state) ? remove(state, context) : makeDraft(state, context).done();
};
