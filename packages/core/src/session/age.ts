/** Whether a session that was left alone for long may be deleted. Only one that nothing and nobody waits for. */
import { isAlone } from "@skein/contract";
import type { Context, Decision } from "../decision.ts";
import { remove } from "./commands.ts";
import { makeDraft } from "./draft.ts";
import type { SessionInput } from "./input.ts";
import type { SessionState } from "./state.ts";

/** Neither one that is just being started or stopped. */
const mayGo = ({ view, process }: SessionState): boolean =>
  isAlone(view) && (process === "none" || process === "running");

export const age = (
  state: SessionState,
  { deleteAfterMs }: Extract<SessionInput, { type: "age" }>,
  context: Context,
): Decision => {
  const old = Date.parse(context.now) - Date.parse(state.view.activeAt) >= deleteAfterMs;
  return old && mayGo(state) ? remove(state, context) : makeDraft(state, context).done();
};
