/**
 * What time alone decides: an idle agent is put to sleep; a silent turn is told of, and ended when it stays silent; a start
 * that comes to nothing is given up; a process that does not end is told again.
 */
import type { Context, Decision } from "../decision.ts";
import { makeDraft, type Draft } from "./draft.ts";
import type { SessionInput } from "./input.ts";
import { pursue } from "./goal.ts";
import { settle, stalledWords } from "./settle.ts";
import type { SessionState } from "./state.ts";

type Tick = Extract<SessionInput, { type: "tick" }>;

const since = (context: Context, instant: string): number =>
  Date.parse(context.now) - Date.parse(instant);

export const tick = (state: SessionState, input: Tick, context: Context): Decision => {
  const draft = makeDraft(state, context);
  if (state.process === "stopping") endless(draft, input);
  if (state.process === "starting" && !state.unreachable) stuck(draft, input);
  // An agent that is out of reach may be working well: nothing is ended on a guess.
  if (state.process !== "running" || state.unreachable) return draft.done();
  if (state.current !== null) silence(draft, input);
  else {
    // Whatever kept it from that, such as an approval that belonged to no turn, may be gone.
    pursue(draft);
    if (draft.state.current === null) idle(draft, input);
  }
  return draft.done();
};

const later = (a: string, b: string | null): string => (b !== null && b > a ? b : a);

const stopProcess = (draft: Draft, why: "idle" | "fault"): void => {
  const { generation } = draft.state.view;
  draft.emit({ type: "session.process.stopping", data: { generation, why } });
  draft.effect({ kind: "agent.stop", force: why === "fault" });
  settle(draft, "tick");
};

/** How long the process has been starting or stopping, as far as this daemon was there to see it. */
const lasting = ({ state, context }: Draft, { heldMs }: Tick): number =>
  Math.min(since(context, state.processSince), heldMs);

/** Its process is ended first, so that nothing of it is left behind; that end is told as a failed start. */
const stuck = (draft: Draft, input: Tick): void => {
  if (lasting(draft, input) >= input.startLimitMs) stopProcess(draft, "fault");
};

/** Doublings of the time between two attempts to end a process. */
const MAX_DOUBLINGS = 7;

/** A stop may have been lost, or may not have been enough. What else was wished for meanwhile stays as it is. */
const endless = (draft: Draft, input: Tick): void => {
  const { stopsRepeated, wake, stopWhy, view } = draft.state;
  const pace = input.stopLimitMs * 2 ** Math.min(stopsRepeated, MAX_DOUBLINGS);
  if (lasting(draft, input) < pace) return;
  const why = wake ? "restart" : (stopWhy ?? "stop");
  draft.emit({ type: "session.process.stopping", data: { generation: view.generation, why } });
  draft.effect({ kind: "agent.stop", force: true });
};

/**
 * `waiting` is never idle: a person may come back to it. Neither is one that has only just been started, nor a program in a
 * terminal: it would have forgotten everything.
 */
const idle = (draft: Draft, { idleMs, heardAt }: Tick): void => {
  const { view, queue } = draft.state;
  if (idleMs === 0 || view.status.state !== "idle" || queue.length > 0) return;
  if (view.program !== null) return;
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
  const silent = since(context, later(state.owesSince, heardAt));
  const { silentSince } = state;
  if (silenceMs > 0 && silentSince === null) {
    if (silent < silenceMs) return;
    const stalled = stalledWords(state);
    const words = `no word from the agent for ${Math.round(silent / 1000)} s`;
    const reason = stalled === null ? words : `${words}; ${stalled}`;
    return draft.status({ state: "working", reason, source: "tick" });
  }
  if (silentSince !== null && silent < silenceMs) return settle(draft, "tick");
  const interrupting = state.current?.interrupting === true && silenceMs > 0;
  const limit = interrupting ? 2 * silenceMs : silenceLimitMs;
  if (limit === 0 || silent < limit) return;
  if (silentSince !== null && since(context, silentSince) < limit - silenceMs) return;
  stopProcess(draft, "fault");
};
