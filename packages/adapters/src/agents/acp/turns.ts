/** How a turn begins, and how the answer to its prompt ends it. Pure. */
import type { Fact } from "@skein/sdk";
import { bodyOf, itemId, oneLine } from "./calls.ts";
import { failureBeside, failureOf, stopFailure, turnError } from "./failures.ts";
import { chain, folded, type Folded, type Settings } from "./fold.ts";
import { settleSpeech } from "./speech.ts";
import type { State, TurnState } from "./state.ts";
import { usageOf } from "./usage.ts";
import { cancelFrame, permissionFrame, string, type Json, type WireError } from "./wire.ts";

type TurnEnded = Extract<Fact, { fact: "turn-ended" }>;
type Answer = { readonly result: Json } | { readonly error: WireError };

const stopReasonOf = (answer: Answer): string =>
  "result" in answer ? (string(answer.result["stopReason"]) ?? "") : "error";

/** We are about to give the prompt. What was said late, after the turn before, is no beginning of this one's answer. */
export const giving = (state: State, id: string, since: number): Folded => {
  const turn: TurnState = {
    id,
    since,
    accepted: false,
    interrupting: false,
    doubted: false,
    worked: false,
  };
  return chain(settleSpeech(state), (before) => folded({ ...before, turn, garbage: 0 }));
};

/** It is in the agent's stdin, or the agent answers it. */
export const acceptTurn = (state: State): Folded => {
  const { turn } = state;
  if (turn === null || turn.accepted) return folded(state);
  return folded({ ...state, turn: { ...turn, accepted: true } }, [
    { fact: "accepted", turn: turn.id },
  ]);
};

/** The first sign of work: there are words in the conversation now, so it can be resumed and forked. */
export const worked = (state: State): Folded => {
  const { turn } = state;
  if (turn === null || turn.worked) return folded(state);
  return chain(acceptTurn(state), (before) => {
    const next = { ...before, turn: { ...turn, accepted: true, worked: true } };
    return before.told ? folded(next) : tellConversation(next);
  });
};

const tellConversation = (state: State): Folded => {
  const { conversation } = state;
  if (conversation === null || state.told) return folded(state);
  return folded({ ...state, told: true }, [
    { fact: "provider-session", providerSessionId: conversation },
  ]);
};

/**
 * Cancelled before the first word, opencode 1.18.33 answers with the end of the turn before this one, and with that turn's usage.
 * Seen once in ten of the interrupts that come right behind their prompt.
 */
const unbegun = ({ interrupting: isInterrupted, worked: hasWorked }: TurnState, reason: string) =>
  isInterrupted && !hasWorked && reason === "end_turn";

/** What of an answer is told of this turn: of another's nothing. Its cost is told apart from it, and counted all the same. */
const toldOf = (turn: TurnState, answer: Answer): Json =>
  "error" in answer || unbegun(turn, stopReasonOf(answer)) ? {} : answer.result;

const endOf = (
  turn: TurnState,
  answer: Answer,
  { agent }: Settings,
): Pick<TurnEnded, "outcome" | "error"> => {
  const reason = stopReasonOf(answer);
  if (turn.doubted && (reason === "cancelled" || reason === "error")) {
    const message =
      "The daemon ended just as the prompt was handed over, and the agent had not begun: it was taken back.";
    return { outcome: "failed", error: turnError(agent, "agent", message) };
  }
  if ("error" in answer) {
    if (turn.interrupting) return { outcome: "interrupted", error: null };
    return { outcome: "failed", error: failureOf(agent, answer.error) };
  }
  if (reason === "cancelled") return { outcome: "interrupted", error: null };
  if (unbegun(turn, reason)) return { outcome: "interrupted", error: null };
  const error = failureBeside(agent, answer.result) ?? stopFailure(agent, reason);
  return error === null ? { outcome: "completed", error } : { outcome: "failed", error };
};

/** Of a call that has not ended nothing more will be said. */
const settleCalls = (state: State, outcome: TurnEnded["outcome"], settings: Settings): Folded => {
  const status = outcome === "interrupted" ? "interrupted" : "failed";
  const facts = Object.entries(state.calls)
    .filter(([, call]) => !call.declined)
    .map(([id, call]): Fact => ({
      fact: "item",
      id: itemId(settings.generation, id),
      body: bodyOf(call, outcome === "completed" ? "done" : status, settings.folder),
    }));
  return folded({ ...state, calls: {} }, facts);
};

const withdrawAll = (state: State, reason: string): Folded =>
  folded(
    { ...state, asks: {} },
    Object.keys(state.asks).map((request) => ({ fact: "withdrawn", request, reason })),
  );

/** An agent that says its failure as if it were an answer (claude-agent-acp 0.49.0): it is told once, as the failure. */
const withoutEcho = (state: State, error: TurnEnded["error"]): State =>
  state.speech !== null && error?.message.includes(state.speech.text.trim()) === true
    ? { ...state, speech: null }
    : state;

/** Else it would look as if the prompt had gone astray. */
const withoutWords = ({ agent }: Settings): Fact => ({
  fact: "notice",
  level: "info",
  text: `${agent.title} ended the turn without a word.`,
});

/** Of a stop that is none of the protocol's nobody can say what it means. */
const unknownStop = ({ agent }: Settings, reason: string): Fact => ({
  fact: "notice",
  level: "warning",
  text:
    `${agent.title} ended the turn ` +
    (reason === ""
      ? "without a stop reason"
      : `with a stop reason that is unknown ("${oneLine(reason)}")`) +
    ": it counts as completed.",
});

/** The answer to the prompt. A second one finds no turn, and changes nothing. */
export const onAnswer = (state: State, answer: Answer, settings: Settings): Folded => {
  const { turn } = state;
  if (turn === null) return folded(state);
  const end = endOf(turn, answer, settings);
  const usage = usageOf(toldOf(turn, answer), state);
  const ended: Fact = { fact: "turn-ended", turn: turn.id, ...end, usage };
  const wordless: Fact[] =
    end.outcome === "completed" && !turn.worked ? [withoutWords(settings)] : [];
  const reason = stopReasonOf(answer);
  const odd: Fact[] =
    end.outcome === "completed" && reason !== "end_turn" ? [unknownStop(settings, reason)] : [];
  const quiet = chain(settleSpeech(withoutEcho(state, end.error)), (before) =>
    settleCalls(before, end.outcome, settings),
  );
  const closed = chain(quiet, (before) => withdrawAll(before, "the turn is over"));
  const known = chain(closed, (before) =>
    end.outcome === "completed" ? tellConversation(before) : folded(before),
  );
  return chain(known, (before) =>
    folded({ ...before, turn: null, cost: before.costNow ?? before.cost }, [
      ...odd,
      ...wordless,
      ended,
    ]),
  );
};

/** Ends the turn: what it waits for is answered with that, as the protocol wants it. */
export const interrupting = (state: State): Folded => {
  const { turn, conversation } = state;
  if (turn === null || conversation === null) return folded(state);
  const orders = [
    cancelFrame(conversation),
    ...Object.values(state.asks).map(({ id }) => permissionFrame(id, null)),
  ];
  const next = { ...state, turn: { ...turn, interrupting: true } };
  return chain(folded(next, [], { orders }), (before) =>
    withdrawAll(before, "the turn was interrupted"),
  );
};
