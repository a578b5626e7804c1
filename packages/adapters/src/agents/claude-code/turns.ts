/**
 * Which run of the CLI belongs to which turn of ours, and how a turn ends. Pure.
 *
 * The CLI says `init` when a run begins and `result` when it ends, and names no prompt in either. A run is ours when a
 * prompt waits to be taken and no background task has just ended; the echo of the prompt settles every doubt.
 */
import type { Fact } from "@skein/sdk";
import { failureOf, isLoginFailure, turnError } from "./failures.ts";
import { chain, folded, type Folded, type Order } from "./fold.ts";
import type { Given, State, TurnState } from "./state.ts";
import { countTurn } from "./usage.ts";
import type { ResultLine, WireLine } from "./wire.ts";

type Line<T extends WireLine["type"]> = Extract<WireLine, { type: T }>;

/** A prompt that was accepted is in the transcript without the driver; what steers a turn is known only by its echo. */
const steerItem = ({ prompt, text }: Given): Fact => ({
  fact: "item",
  id: prompt,
  body: { kind: "user", text, how: "steer" },
});

const accept = (state: State, turn: TurnState): Folded => {
  if (turn.accepted) return folded(state);
  const next = { ...state, turn: { ...turn, accepted: true }, writing: null };
  return folded(next, [{ fact: "accepted", turn: turn.id }]);
};

/** The vendor's id is told when the conversation has words in it: before, it can be neither resumed nor forked. */
export const converse = (state: State, sessionId: string | null): Folded => {
  if (sessionId === null || sessionId === state.conversation) return folded(state);
  const fact: Fact = { fact: "provider-session", providerSessionId: sessionId };
  return folded({ ...state, conversation: sessionId }, [fact]);
};

/** Words that were given to a turn outlive its interruption: they begin a run of their own, which is then ended too. */
const interruptAgain = ({ turn }: State): readonly Order[] =>
  turn !== null && turn.accepted && (turn.interrupting || turn.verdict !== null)
    ? [{ order: "interrupt", turn: turn.id }]
    : [];

export const onInit = (state: State, line: Line<"init">): Folded => {
  const { turn } = state;
  const isOurs = turn !== null && !(state.notified && !turn.accepted);
  const next: State = {
    ...state,
    model: line.model ?? state.model,
    run: isOurs ? "ours" : "own",
    notified: false,
  };
  if (!isOurs) return folded(next);
  return chain(folded(next, [], { orders: interruptAgain(state) }), (before) =>
    accept(before, turn),
  );
};

/** An echo: of the turn's prompt, of words that steer it, or of what someone else typed. */
export const onEcho = (state: State, line: Line<"user">): Folded => {
  const { turn } = state;
  const text = line.blocks.map((block) => (block.type === "text" ? block.text : "")).join("\n");
  if (turn !== null && line.uuid === turn.uuid) {
    return chain(accept({ ...state, run: "ours" }, turn), (after) =>
      folded({ ...after, turn: after.turn === null ? null : { ...after.turn, echoed: true } }),
    );
  }
  const steer = state.steers.find((one) => one.uuid === line.uuid);
  if (steer !== undefined) {
    const steers = state.steers.filter((one) => one !== steer);
    const given = steer.text === "" ? { ...steer, text } : steer;
    return folded({ ...state, steers, writing: null }, [steerItem(given)]);
  }
  return folded(state);
};

export const onRetry = (state: State, line: Line<"retry">): Folded => {
  const { turn } = state;
  const why = line.status === null ? line.error : `${line.error}, HTTP ${line.status}`;
  if (turn !== null && isLoginFailure(line.status, line.error)) {
    if (turn.verdict !== null) return folded(state);
    // It would be tried again up to ten times, with longer and longer pauses; it is not going to be better.
    const verdict = turnError("login", `Claude Code could not log in (${why}).`);
    const orders: readonly Order[] = [{ order: "interrupt", turn: turn.id }];
    return folded({ ...state, turn: { ...turn, verdict } }, [], { orders });
  }
  const broke = state.stream !== null || (turn?.broke ?? false);
  const text = `Claude Code tries again (${line.attempt} of ${line.of}): ${why}.`;
  return folded(
    { ...state, stream: null, turn: turn === null ? null : { ...turn, broke, fault: line.error } },
    [{ fact: "notice", level: "warning", text }],
  );
};

const isAborted = (result: ResultLine, turn: TurnState): boolean =>
  result.terminalReason?.startsWith("aborted") === true ||
  (turn.interrupting && result.subtype === "error_during_execution");

const endOf = (
  turn: TurnState,
  result: ResultLine,
): Pick<Extract<Fact, { fact: "turn-ended" }>, "outcome" | "error"> => {
  if (turn.verdict !== null) return { outcome: "failed", error: turn.verdict };
  if (isAborted(result, turn)) return { outcome: "interrupted", error: null };
  const error = failureOf(result, turn.fault, turn.broke);
  return error === null ? { outcome: "completed", error } : { outcome: "failed", error };
};

/** A slash command is never echoed, and neither is a run that was refused before it began. */
const isOfTurn = (state: State, turn: TurnState, result: ResultLine): boolean =>
  state.run === "ours" && turn.accepted && (turn.echoed || result.numTurns === 0 || result.isError);

export const onResult = (state: State, result: ResultLine): Folded => {
  const { turn } = state;
  const rest: State = { ...state, run: "none", stream: null };
  // A run of the agent's own: what it used is counted with the next turn.
  if (turn === null || !isOfTurn(state, turn, result)) return folded(rest);
  // Words that steer came after the last tool: the CLI answers them in a run of their own, which is still this turn.
  if (state.steers.length > 0)
    return folded({ ...rest, turn: { ...turn, fault: null, broke: false } });
  const { usage, counted } = countTurn(state, result);
  const end: Fact = { fact: "turn-ended", turn: turn.id, ...endOf(turn, result), usage };
  const next: State = {
    ...rest,
    turn: null,
    counted,
    asks: {},
    tools: {},
    declined: [],
    writing: null,
  };
  return folded(next, [end]);
};
