/** What time alone decides: an idle agent is put to sleep, a silent turn is told of, and ended when it stays silent. */
import type { Context, Decision } from "../decision.ts";
import { makeDraft, type Draft } from "./draft.ts";
import { endTurn } from "./flow.ts";
import type { SessionInput } from "./input.ts";
import type { SessionState } from "./state.ts";

type Tick = Extract<SessionInput, { type: "tick" }>;

const since = (context: Context, instant: string): number =>
  Date.parse(context.now) - Date.parse(instant);

export const tick = (state: SessionState, input: Tick, context: Context): Decision => {
  const draft = makeDraft(state, context);
  if (state.process !== "running") return draft.done();
  if (state.current !== null) silence(draft, input);
  else idle(draft, input);
  return draft.done();
};

/** `waiting` is never idle: a person may come back to it. */
const idle = (draft: Draft, { idleMs }: Tick): void => {
  const { view, queue } = draft.state;
  if (idleMs === 0 || view.status.state !== "idle" || queue.length > 0) return;
  if (since(draft.context, view.activeAt) < idleMs) return;
  draft.emit({
    type: "session.process.stopping",
    data: { generation: view.generation, why: "idle" },
  });
  draft.effect({ kind: "agent.stop", force: false });
};

/** An agent that waits for a person, or runs a command or a tool, may be silent. */
const silence = (draft: Draft, input: Tick): void => {
  const { view, open, openItems, silentSince } = draft.state;
  if (Object.keys(open).length > 0 || Object.keys(openItems).length > 0) return;
  const heard =
    input.heardAt !== null && input.heardAt > view.activeAt ? input.heardAt : view.activeAt;
  const silent = since(draft.context, heard);
  if (input.silenceMs > 0 && silent >= input.silenceMs && silentSince === null) {
    draft.status({
      state: "working",
      reason: `no word from the agent for ${Math.round(silent / 1000)} s`,
      source: "tick",
    });
  }
  if (input.silenceLimitMs > 0 && silent >= input.silenceLimitMs && view.turn !== null) {
    draft.effect({ kind: "agent.interrupt", turn: view.turn.id });
    endTurn(draft, {
      outcome: "failed",
      error: {
        kind: "silent",
        message: `The agent said nothing for ${Math.round(silent / 1000)} s.`,
        remedy: "Check its network and login with `skein doctor`, then send again.",
      },
      usage: null,
    });
    draft.emit({
      type: "session.process.stopping",
      data: { generation: view.generation, why: "fault" },
    });
    draft.effect({ kind: "agent.stop", force: true });
  }
};
