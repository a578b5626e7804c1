/**
 * The fold: a line of Claude Code (2.1.197) and what we remember become facts. Pure; in the order of the spool. A line that
 * is not known changes nothing.
 */
import type { Fact } from "@skein/sdk";
import { approvalOf, grantsOf } from "./asks.ts";
import { without } from "../lines/step.ts";
import { chain, folded, type Folded, type Settings } from "./fold.ts";
import { readOnlyRefusal, refusesUnasked } from "./modes.ts";
import { initializeId } from "./frames.ts";
import type { Given, State, TurnState } from "./state.ts";
import { callBody, endedBody, shortened } from "./tools.ts";
import { converse, onEcho, onInit, onResult, onRetry } from "./turns.ts";
import {
  list,
  object,
  string,
  type AskLine,
  type Block,
  type Json,
  type StreamEvent,
  type WireLine,
} from "./wire.ts";

type Line<T extends WireLine["type"]> = Extract<WireLine, { type: T }>;

/** Without a model: an error message, or the answer of a slash command. */
const synthetic = "<synthetic>";

/** Long streams of rubbish are not worth a line each. */
const garbageTold = 3;

const spoken = (id: string, block: Block): readonly Fact[] => {
  if (block.type !== "text" && block.type !== "thinking") return [];
  if (block.text === "" || block.text === "(no content)") return [];
  const kind = block.type === "text" ? "message" : "reasoning";
  return [{ fact: "item", id, body: { kind, text: block.text } }];
};

const called = (state: State, block: Block, settings: Settings): Folded => {
  if (block.type !== "tool_use") return folded(state);
  const body = callBody(block.name, block.input, settings.folder);
  return folded({ ...state, tools: { ...state.tools, [block.id]: shortened(body) } }, [
    { fact: "item", id: block.id, body },
  ]);
};

/** One line for each block; its place in the message is known from the stream, or else by counting. */
const placeOf = (state: State, message: string): number => {
  if (state.stream?.message === message) return state.stream.index;
  return state.blocks.message === message ? state.blocks.count : 0;
};

const onAssistant = (state: State, line: Line<"assistant">, settings: Settings): Folded => {
  const isModel = line.model !== null && line.model !== synthetic;
  let result = folded(state);
  for (const block of line.blocks) {
    result = chain(result, (before) => called(before, block, settings));
    // What a subagent says is for the agent; what it does is for the person too.
    if (line.parent !== null) continue;
    result = chain(result, (before) => {
      const place = placeOf(before, line.message);
      const facts = line.error === null ? spoken(`${line.message}:${place}`, block) : [];
      return folded({ ...before, blocks: { message: line.message, count: place + 1 } }, facts);
    });
  }
  if (line.parent !== null) return result;
  return chain(result, (before) => {
    const { turn } = before;
    const fault = line.error ?? (isModel ? null : (turn?.fault ?? null));
    const next: State = {
      ...before,
      model: isModel ? line.model : before.model,
      turn: turn === null ? null : { ...turn, fault },
    };
    return isModel ? converse(next, line.sessionId) : folded(next);
  });
};

const onToolResult = (
  state: State,
  block: Extract<Block, { type: "tool_result" }>,
  line: Line<"user">,
): Folded => {
  const passed = Object.entries(state.asks).filter(([, ask]) => ask.toolUse === block.id);
  const withdrawn = passed.map(([request]): Fact => ({
    fact: "withdrawn",
    request,
    reason: "the agent went on without an answer",
  }));
  const asks = passed.reduce((rest, [request]) => without(rest, request), state.asks);
  const body = state.tools[block.id];
  const next = { ...state, asks, tools: without(state.tools, block.id) };
  if (body === undefined) return folded(next, withdrawn);
  const ended = endedBody(body, block, line.toolResult, state.declined.includes(block.id));
  return folded(next, [...withdrawn, { fact: "item", id: block.id, body: ended }]);
};

const onUser = (state: State, line: Line<"user">): Folded => {
  if (line.isReplay) return onEcho(state, line);
  let result = folded(state);
  for (const block of line.blocks) {
    if (block.type !== "tool_result") continue;
    result = chain(result, (before) => onToolResult(before, block, line));
  }
  return result;
};

const onAsk = (state: State, line: AskLine, at: number, settings: Settings): Folded => {
  const refused = refusesUnasked(settings.permissions, line.tool);
  const ask = { tool: line.tool, toolUse: line.toolUse, at, refused };
  const next = { ...state, asks: { ...state.asks, [line.request]: ask } };
  if (refused) {
    const message = readOnlyRefusal(line.tool);
    return folded(next, [], { orders: [{ order: "refuse", request: line.request, message }] });
  }
  const { title, request } = approvalOf(line, settings.folder);
  const canAlways = grantsOf(line, settings.folder).length > 0;
  return folded(next, [
    { fact: "asked", request: line.request, title, approval: request, canAlways },
  ]);
};

const onCancel = (state: State, line: Line<"cancel">): Folded => {
  const ask = state.asks[line.request];
  if (ask === undefined) return folded(state);
  const reason = "the agent withdrew it";
  const facts: Fact[] = ask.refused ? [] : [{ fact: "withdrawn", request: line.request, reason }];
  return folded({ ...state, asks: without(state.asks, line.request) }, facts);
};

/** The name behind the choice, or behind the default: `initialize` lists both. */
const modelOf = (body: Json, chosen: string | null): string | null => {
  const row = list(body["models"])
    .map(object)
    .find((one) => one["value"] === (chosen ?? "default"));
  return string(row?.["resolvedModel"]) ?? chosen;
};

/** The answer to our initialize, or our own answer to a request of theirs, echoed. */
const onResponse = (state: State, line: Line<"response">, settings: Settings): Folded => {
  if (line.request === initializeId && line.error === null) {
    if (state.ready) return folded(state);
    const fact: Fact = {
      fact: "started",
      pid: settings.pid,
      providerSessionId: state.conversation,
      reserved: state.conversation === null ? settings.reserved : null,
      model: modelOf(line.body, settings.model),
      adopted: false,
    };
    return folded({ ...state, ready: true }, [fact]);
  }
  const ask = state.asks[line.request];
  if (ask === undefined) return folded(state);
  const isDenied = line.body["behavior"] === "deny" && ask.toolUse !== null;
  const declined = isDenied ? [...state.declined, ask.toolUse ?? ""] : state.declined;
  const writing = state.writing === line.request ? null : state.writing;
  return folded({ ...state, asks: without(state.asks, line.request), declined, writing });
};

const onStream = (state: State, event: StreamEvent): Folded => {
  switch (event.type) {
    case "message_start":
      return folded({ ...state, stream: { message: event.message, index: 0 } });
    case "block_start":
      if (state.stream === null) return folded(state);
      return folded({ ...state, stream: { ...state.stream, index: event.index } });
    case "delta": {
      if (state.stream === null) return folded(state);
      const item = `${state.stream.message}:${event.index}`;
      return folded(state, [], { live: [{ item, kind: event.kind, text: event.text }] });
    }
    case "message_stop":
      return folded({ ...state, stream: null });
  }
};

const onGarbage = (state: State): Folded => {
  const next = { ...state, garbage: state.garbage + 1 };
  if (state.garbage >= garbageTold) return folded(next);
  const text = "Claude Code wrote a line that is no JSON; it was left out.";
  return folded(next, [{ fact: "notice", level: "warning", text }]);
};

/** `at`: where the line begins in the spool. */
export const step = (state: State, line: WireLine, at: number, settings: Settings): Folded => {
  switch (line.type) {
    case "init":
      return onInit(state, line);
    case "retry":
      return onRetry(state, line);
    case "task-notification":
      return folded({ ...state, notified: true });
    case "stream":
      return line.parent === null ? onStream(state, line.event) : folded(state);
    case "assistant":
      return onAssistant(state, line, settings);
    case "user":
      return onUser(state, line);
    case "ask":
      return onAsk(state, line, at, settings);
    case "cancel":
      return onCancel(state, line);
    case "response":
      return onResponse(state, line, settings);
    case "result":
      return chain(onResult(state, line), (after) =>
        line.numTurns > 0 && state.conversation !== null
          ? converse(after, line.sessionId)
          : folded(after),
      );
    case "garbage":
      return onGarbage(state);
    case "other":
      return folded(state);
  }
};

/** We are about to give the prompt. */
export const giving = (state: State, id: string, since: number, given: Given): State => {
  const turn: TurnState = {
    ...given,
    id,
    since,
    accepted: false,
    echoed: false,
    interrupting: false,
    verdict: null,
    fault: null,
    broke: false,
  };
  return { ...state, turn };
};

export const steering = (state: State, given: Given): State => ({
  ...state,
  steers: [...state.steers.filter((one) => one.uuid !== given.uuid), given],
});

export const interrupting = (state: State): State =>
  state.turn === null ? state : { ...state, turn: { ...state.turn, interrupting: true } };

/** What was ordered before a crash and may not have been done: doing it twice does no harm. */
export const outstanding = (state: State): Folded["orders"] => [
  ...Object.entries(state.asks)
    .filter(([, ask]) => ask.refused)
    .map(([request, ask]) => ({
      order: "refuse" as const,
      request,
      message: readOnlyRefusal(ask.tool),
    })),
  ...(state.turn !== null && (state.turn.verdict !== null || state.turn.interrupting)
    ? [{ order: "interrupt" as const, turn: state.turn.id }]
    : []),
];
