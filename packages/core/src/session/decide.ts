/** The one door to a session. */
import { problem } from "@skein/contract";
import { rejection, type Context, type Decision, type Rejection } from "../decision.ts";
import {
  create,
  interrupt,
  remove,
  rename,
  report,
  requeue,
  resume,
  send,
  stop,
} from "./commands.ts";
import { abandon } from "./ending.ts";
import { age } from "./age.ts";
import { changeGoal, setGoal } from "./goal.ts";
import type { SessionInput } from "./input.ts";
import { observe } from "./observe.ts";
import { resolve } from "./resolve.ts";
import type { SessionState } from "./state.ts";
import { tick } from "./tick.ts";

/** What a deleted session still takes: the last words of its process, what became of a late steer, the time it takes to end. */
const afterDeath: readonly SessionInput["type"][] = ["observe", "requeue", "tick", "abandon"];

export const decideSession = (
  state: SessionState | null,
  input: SessionInput,
  context: Context,
): Decision | Rejection => {
  if (input.type === "create") {
    if (state === null) return create(input, context);
    return rejection(
      problem("invalid_input", `The session ${state.view.id} exists already.`, "Use another id."),
    );
  }
  if (state === null) {
    return rejection(
      problem("session_not_found", "There is no such session.", "List them with `skein list`."),
    );
  }
  if (state.view.deletedAt !== null && !afterDeath.includes(input.type)) {
    return rejection(
      problem(
        "session_deleted",
        `The session ${state.view.name} was deleted.`,
        "Create a new one with `skein create`.",
      ),
    );
  }
  switch (input.type) {
    case "send":
      return send(state, input, context);
    case "requeue":
      return requeue(state, input, context);
    case "interrupt":
      return interrupt(state, input, context);
    case "stop":
      return stop(state, context);
    case "resume":
      return resume(state, context);
    case "rename":
      return rename(state, input, context);
    case "goal.set":
      return setGoal(state, input, context);
    case "goal.change":
      return changeGoal(state, input, context);
    case "age":
      return age(state, input, context);
    case "delete":
      return remove(state, context);
    case "abandon":
      return abandon(state, input, context);
    case "report":
      return report(input, context);
    case "resolve":
      return resolve(state, input, context);
    case "observe":
      return observe(state, input, context);
    case "tick":
      return tick(state, input, context);
  }
};
