/** What time alone decides: an idle agent is put to sleep, a silent turn is told of, and ended when it stays silent. */
import type { Context, Decision } from "../decision.ts";
import { makeDraft, type Draft } from "./draft.ts";
import type { SessionInput } from "./input.ts";
import { settle } from "./settle.ts";
import type { SessionState } from "./state.ts";

type Tick = Extract<SessionInput, { type: "tick" }>;

const since = (context: Context, instant: string): number =>
  Date.parse(context.now) - Date.parse(instant);

export const tick = (state: SessionState, input: Tick, context: Context): Decision => {
  const draft = makeDraft(state, context);
  // An agent that is out of reach may be working well: nothing is ended on a guess.
  if (state.process !== "running" || state.unreachable) return draft.done();
  if (state.current !== null) silence(draft, input);
  else idle(draft, input);
  return draft.done();
};

const later = (a: string, b: string | null): string => (b !== null && b > a ? b : a);

const stopProcess = (draft: Draft, why: "idle" | "fault"): void => {
  const { generation } = draft.state.view;
  draft.emit({ type: "session.process.stopping", data: { generation, why } });
  draft.effect({ kind: "agent.stop", force: why === "fault" });
  settle(draft, "tick");
};

/** `waiting` is never idle: a person may come back to it. Neither is one that has only just been started. */
const idle = (draft: Draft, { idleMs, heardAt }: Tick): void => {
  const { view, queue } = draft.state;
  if (idleMs === 0 || view.status.state !== "idle" || queue.length > 0) return;
  const quiet = later(later(view.activeAt, view.status.since), heardAt);
  if (since(draft.context, quiet) >= idleMs) stopProcess(draft, "idle");
};

/** An agent that waits for a person, or runs a command or a tool, may be silent; one that was told to end its turn may not. */
const mayBeSilent = ({ open, openItems, current, view }: SessionState): boolean =>
  current?.interrupting !== true &&
  (Object.keys(open).length > 0 ||
    Object.values(openItems).some((item) => item.turn === view.turn?.id));

/**
 * Silence is told of first. It is ended only when it went on after that: a machine that slept, or a daemon that was away,
 * must not find that its agents have been silent all that time. The end of the process then ends the turn, so that what the
 * agent still says counts.
 */
const silence = (draft: Draft, { silenceMs, silenceLimitMs, heardAt }: Tick): void => {
  const { state, context } = draft;
  if (mayBeSilent(state)) return;
  const silent = since(context, later(state.view.activeAt, heardAt));
  const { silentSince } = state;
  if (silenceMs > 0 && silentSince === null) {
    if (silent < silenceMs) return;
    const reason = `no word from the agent for ${Math.round(silent / 1000)} s`;
    return draft.status({ state: "working", reason, source: "tick" });
  }
  if (silentSince !== null && silent < silenceMs) return settle(draft, "protocol");
  const interrupting = state.current?.interrupting === true && silenceMs > 0;
  const limit = interrupting ? 2 * silenceMs : silenceLimitMs;
  if (limit === 0 || silent < limit) return;
  if (silentSince !== null && since(context, silentSince) < limit - silenceMs) return;
  stopProcess(draft, "fault");
};
