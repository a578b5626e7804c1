/**
 * The fold: a line of an ACP agent and what we remember become facts, and frames to be written. Pure; in the order of the
 * spool. A line that is not known changes nothing; a request that is not known is answered so.
 */
import { LIMITS } from "@skein/contract";
import type { Fact } from "@skein/sdk";
import { approvalOf, canAlways, decideAsk, optionFor, unanswerable } from "./asks.ts";
import { bodyOf, itemId, pieceOf, statusOf, updated } from "./calls.ts";
import { without } from "../lines/step.ts";
import { chain, folded, type Folded, type Settings } from "./fold.ts";
import { onHandshake } from "./handshake.ts";
import { settleSpeech, spoken } from "./speech.ts";
import type { Ask, Call, State } from "./state.ts";
import { withCommands } from "./slashes.ts";
import { acceptTurn, onAnswer, worked } from "./turns.ts";
import { withCost } from "./usage.ts";
import {
  list,
  object,
  permissionFrame,
  refusalFrame,
  isTurnRequest,
  string,
  turnRequest,
  type Json,
  type RequestId,
  type WireLine,
} from "./wire.ts";

/** In a turn: long streams of rubbish are not worth a line each. */
const garbageTold = 3;
const keptCalls = 256;

const onCall = (state: State, update: Json, settings: Settings): Folded => {
  const id = string(update["toolCallId"]);
  if (id === null) return folded(state);
  const call = updated(state.calls[id], update);
  const status = statusOf(call, update, state.turn?.interrupting === true);
  const isOver = status !== "running";
  // One that was declined is over already: the agent says so once more.
  if (isOver && call.declined && state.calls[id] !== undefined)
    return folded({ ...state, calls: without(state.calls, id) });
  const calls = isOver ? without(state.calls, id) : kept({ ...state.calls, [id]: call });
  const item = itemId(settings.generation, id);
  const piece = pieceOf(update);
  // Shown as it comes, recorded when the call is over.
  if (piece !== null && !isOver)
    return folded({ ...state, calls }, [], { live: [{ item, kind: "output", text: piece }] });
  const body = bodyOf(call, status, settings.folder);
  const fact: Fact = { fact: "item", id: item, body };
  // Before its arguments have come it says nothing that is worth a line in the record.
  const isEmpty = !isOver && state.calls[id] === undefined && isBlank(call);
  return folded({ ...state, calls }, isEmpty ? [] : [fact]);
};

const isBlank = ({ input, diffs, text }: Call): boolean =>
  Object.keys(input).filter((name) => name !== "cwd").length === 0 &&
  diffs.length === 0 &&
  text === "";

const kept = (calls: Readonly<Record<string, Call>>): Readonly<Record<string, Call>> => {
  const ids = Object.keys(calls);
  return ids.length > keptCalls ? without(calls, ids[0] ?? "") : calls;
};

const marks: Readonly<Record<string, string>> = { completed: "x", in_progress: "~", pending: " " };

/** A plan of the agent's is one item of its turn, each time whole. */
const onPlan = (state: State, update: Json, settings: Settings): Folded => {
  const entries = list(update["entries"]).map(object);
  const lines = entries.map((one) => {
    const mark = marks[string(one["status"]) ?? "pending"] ?? " ";
    return `[${mark}] ${string(one["content"]) ?? ""}`;
  });
  const isDone = entries.every((one) => one["status"] === "completed");
  const id = itemId(settings.generation, `plan:${state.turn?.id ?? state.items}`);
  const body = {
    kind: "tool",
    tool: "plan",
    title: "Plan",
    input: {},
    output: lines.join("\n"),
    status: isDone ? "done" : "running",
  } as const;
  return folded(state, [{ fact: "item", id, body }]);
};

const onUpdate = (state: State, update: Json, settings: Settings): Folded => {
  const kind = string(update["sessionUpdate"]);
  if (kind === "usage_update") return folded(withCost(state, update));
  if (kind === "available_commands_update") return folded(withCommands(state, update, settings));
  // Loading or copying a conversation tells it all once more.
  if (state.phase !== "ready") return folded(state);
  switch (kind) {
    case "agent_message_chunk":
      return chain(worked(state), (before) => spoken(before, "message", update, settings));
    case "agent_thought_chunk":
      return chain(worked(state), (before) => spoken(before, "reasoning", update, settings));
    case "tool_call":
    case "tool_call_update":
      return chain(chain(worked(state), settleSpeech), (before) =>
        onCall(before, update, settings),
      );
    case "plan":
      return chain(chain(worked(state), settleSpeech), (before) =>
        onPlan(before, update, settings),
      );
    default:
      return folded(state);
  }
};

const askOf = (id: RequestId, params: Json): Ask => ({
  id,
  call: string(object(params["toolCall"])["toolCallId"]) ?? `ask-${id}`,
  options: list(params["options"])
    .map(object)
    .map((one) => ({ id: string(one["optionId"]) ?? "", kind: string(one["kind"]) ?? "" }))
    .filter((one) => one.id !== ""),
});

/** Said no to: that is the end of the call, whether or not the agent will say so (gemini 0.61.0 does not). */
export const declined = (state: State, ask: Ask, settings: Settings): Folded => {
  const call = state.calls[ask.call];
  if (call === undefined) return folded(state);
  const calls = { ...state.calls, [ask.call]: { ...call, declined: true } };
  const id = itemId(settings.generation, ask.call);
  const body = bodyOf({ ...call, declined: true }, "declined", settings.folder);
  return folded({ ...state, calls }, [{ fact: "item", id, body }]);
};

/** Whatever a person said, the agent would hear another thing: nobody is asked. */
const unanswered = (state: State, ask: Ask, why: string, settings: Settings): Folded => {
  const text = `${settings.agent.title} asked for a permission that cannot be answered: ${why}. It was told no.`;
  const orders = [permissionFrame(ask.id, null)];
  return chain(folded(state, [{ fact: "notice", level: "warning", text }], { orders }), (before) =>
    declined(before, ask, settings),
  );
};

const onAsk = (state: State, id: RequestId, params: Json, settings: Settings): Folded => {
  const ask = askOf(id, params);
  const { turn } = state;
  // Nobody waits for what it wants to do.
  if (state.phase !== "ready" || turn === null || turn.interrupting)
    return folded(state, [], { orders: [permissionFrame(id, null)] });
  const shown = chain(chain(worked(state), settleSpeech), (before) =>
    onCall(
      before,
      { ...object(params["toolCall"]), status: "pending", toolCallId: ask.call },
      settings,
    ),
  );
  return chain(shown, (before) => {
    const call = before.calls[ask.call] ?? updated(undefined, object(params["toolCall"]));
    const decision = decideAsk(ask, call, settings);
    const why = unanswerable(ask, decision);
    if (why !== null) return unanswered(before, ask, why, settings);
    if (decision !== null) {
      const orders = [permissionFrame(id, optionFor(ask, decision))];
      const answered = folded(before, [], { orders });
      return decision === "allow"
        ? answered
        : chain(answered, (after) => declined(after, ask, settings));
    }
    const request = String(id);
    const { title, request: approval } = approvalOf(ask, call, settings.folder);
    return folded({ ...before, asks: { ...before.asks, [request]: ask } }, [
      { fact: "asked", request, title, approval, canAlways: canAlways(ask) },
    ]);
  });
};

const onRequest = (
  state: State,
  { id, method, params }: Extract<WireLine, { type: "request" }>,
  settings: Settings,
): Folded =>
  method === "session/request_permission"
    ? onAsk(state, id, params, settings)
    : folded(state, [], { orders: [refusalFrame(id, method)] });

const leftOut = (state: State, what: string, { agent }: Settings): Folded => {
  const next = { ...state, garbage: state.garbage + 1 };
  if (state.garbage >= garbageTold || state.phase !== "ready") return folded(next);
  const text = `${agent.title} ${what}; it was left out.`;
  return folded(next, [{ fact: "notice", level: "warning", text }]);
};

const noMessage = "wrote a line that is no message of its protocol";
const tooLong = `wrote a line that is longer than ${LIMITS.wireLineBytes / 1024 / 1024} MiB`;
const again = "answered a prompt a second time";

const isOfConversation = (state: State, params: Json): boolean => {
  const session = string(params["sessionId"]);
  return session === null || state.conversation === null || session === state.conversation;
};

export const step = (state: State, line: WireLine, settings: Settings): Folded => {
  switch (line.type) {
    case "result":
    case "error": {
      const answer = line.type === "result" ? { result: line.result } : { error: line.error };
      const { turn } = state;
      if (turn === null || line.id !== turnRequest(turn.id))
        return isTurnRequest(line.id)
          ? leftOut(state, again, settings)
          : onHandshake(state, line.id, answer, settings);
      return chain(acceptTurn(state), (before) => onAnswer(before, answer, settings));
    }
    case "request":
      return onRequest(state, line, settings);
    case "notification":
      return line.method === "session/update" && isOfConversation(state, line.params)
        ? onUpdate(state, object(line.params["update"]), settings)
        : folded(state);
    case "garbage":
      return leftOut(state, noMessage, settings);
    case "cut":
      return leftOut(state, tooLong, settings);
  }
};
