/** The fold's second half: what the transcript tells, and what the status file does. Pure. */
import type { Fact } from "@skein/sdk";
import { callBody, endedBody, shortened } from "../tools.ts";
import type { Block } from "../wire.ts";
import { without } from "../../lines/step.ts";
import { keyOf } from "./hooks.ts";
import { stepped, chained, type Settings, type Step } from "./step.ts";
import { isUndecided, type State } from "./state.ts";
import { count, end, isSame, join } from "./turns.ts";
import type { Status, TranscriptLine } from "./wire.ts";

type Of<T extends TranscriptLine["line"]> = Extract<TranscriptLine, { line: T }>;

const synthetic = "<synthetic>";
/** What the CLI writes where it has nothing to say. */
const nothingSaid = ["", "(no content)", "No response requested."];

export const answeredThere = "answered at the terminal";

const spoken = (id: string, block: Block): readonly Fact[] => {
  if (block.type !== "text" && block.type !== "thinking") return [];
  if (nothingSaid.includes(block.text)) return [];
  const kind = block.type === "text" ? "message" : "reasoning";
  return [{ fact: "item", id, body: { kind, text: block.text } }];
};

const onBlock = (state: State, message: string, block: Block, settings: Settings): Step => {
  const place = state.blocks.message === message ? state.blocks.count : 0;
  const next = { ...state, blocks: { message, count: place + 1 } };
  if (block.type !== "tool_use") return stepped(next, spoken(`${message}:${place}`, block));
  const body = callBody(block.name, block.input, settings.folder);
  const call = { body: shortened(body), key: keyOf(block.name, block.input, settings.folder) };
  return stepped({ ...next, tools: { ...next.tools, [block.id]: call } }, [
    { fact: "item", id: block.id, body },
  ]);
};

const onAssistant = (state: State, line: Of<"assistant">, settings: Settings): Step => {
  const { said, failed, apiStatus, tokens, stopReason } = line;
  const { turn } = state;
  const text = said.blocks.map((block) => (block.type === "text" ? block.text : "")).join("\n");
  if (failed) {
    if (turn === null) return stepped(state);
    const fault = said.error ?? turn.fault;
    return stepped({
      ...state,
      turn: { ...turn, fault, refusal: { text, status: apiStatus } },
    });
  }
  const isModel = said.model !== null && said.model !== synthetic;
  const used = tokens.input + tokens.output + tokens.cacheRead + tokens.cacheWrite;
  const counted =
    turn === null || !isModel
      ? turn
      : { ...count(turn, said.message, tokens), cut: stopReason === null && used === 0 };
  let result = stepped({ ...state, turn: counted, model: isModel ? said.model : state.model });
  for (const block of said.blocks)
    result = chained(result, (before) => onBlock(before, said.message, block, settings));
  return result;
};

type Result = Extract<Block, { type: "tool_result" }>;

const onResult = (state: State, block: Result, line: Of<"results">): Step => {
  const call = state.tools[block.id];
  if (call === undefined) return stepped(state);
  const passed = Object.entries(state.asks).find(([, ask]) => ask.key === call.key);
  const asks = passed === undefined ? state.asks : without(state.asks, passed[0]);
  const wasDeclined = state.declined.includes(call.key);
  const body = endedBody(call.body, block, line.results.toolResult, wasDeclined);
  const next = { ...state, asks, tools: without(state.tools, block.id) };
  const item: Fact = { fact: "item", id: block.id, body };
  if (passed === undefined || !isUndecided(passed[1])) return stepped(next, [item]);
  const [request] = passed;
  const withdrawn: Fact = { fact: "withdrawn", request, reason: answeredThere };
  return stepped(next, [withdrawn, item], [{ order: "release", request }]);
};

const onResults = (state: State, line: Of<"results">): Step => {
  let result = stepped(state);
  for (const block of line.results.blocks)
    if (block.type === "tool_result")
      result = chained(result, (before) => onResult(before, block, line));
  return result;
};

/** A turn whose prompt comes after it has ended, whatever was missing at its end. */
const onPrompt = (state: State, promptId: string, settings: Settings): Step => {
  const { turn } = state;
  if (turn?.promptId === promptId) return stepped({ ...state, turn: { ...turn, seen: true } });
  if (!state.next.some((one) => one.promptId === promptId)) return stepped(state);
  return chained(end(state, "by itself", settings.now), (after) =>
    after.turn === null || after.turn === turn
      ? stepped(after)
      : onPrompt(after, promptId, settings),
  );
};

const isAbout = (state: State, promptId: string): boolean =>
  state.turn?.promptId === promptId || state.next.some((one) => one.promptId === promptId);

export const onTranscript = (state: State, line: TranscriptLine, settings: Settings): Step => {
  const { turn, file } = state;
  if (file?.passing === true) {
    if (line.line !== "prompt" || !isAbout(state, line.promptId)) return stepped(state);
    return onPrompt({ ...state, file: { ...file, passing: false } }, line.promptId, settings);
  }
  switch (line.line) {
    case "assistant":
      return onAssistant(state, line, settings);
    case "results":
      return onResults(state, line);
    case "prompt":
      return onPrompt(state, line.promptId, settings);
    case "interrupted": {
      const isOurs = turn !== null && (line.promptId === null || line.promptId === turn.promptId);
      return isOurs ? end(state, "interrupted", settings.now) : stepped(state);
    }
    case "joined":
      return join(state, line.id, line.text);
    case "queued":
      return stepped({ ...state, queued: [...state.queued, line.text] });
    case "turn-end":
      return turn?.seen === true ? end(state, "by itself", settings.now) : stepped(state);
    case "compacted":
      return stepped(state, [
        { fact: "notice", level: "info", text: "Claude Code has compacted the conversation." },
      ]);
    case "other":
    case "garbage":
      return stepped(state);
  }
};

/** Whether the CLI says that it has put these words into its own queue. */
export const isQueued = (state: State, text: string): boolean =>
  state.queued.some((one) => isSame(text, one));

/** A dialog that is gone though nobody answered its request from here: someone did there. */
export const onAnswered = (state: State): Step => {
  const gone = Object.entries(state.asks).filter(([, ask]) => isUndecided(ask));
  const kept = Object.entries(state.asks).filter(([, ask]) => ask.answered === true);
  return stepped(
    { ...state, asks: Object.fromEntries(kept) },
    gone.map(([request]) => ({ fact: "withdrawn", request, reason: answeredThere })),
    gone.map(([request]) => ({ order: "release", request })),
  );
};

/**
 * So long the CLI must have been idle, in milliseconds, before its turn is held for over without a word in the transcript.
 * `unwritten`: not even its prompt stands there yet, and the rest comes with it.
 */
const idleLimits = { interrupted: 400, over: 1_500, unwritten: 10_000, silent: 5_000 } as const;

/** Idle for `forMs`, with all that the CLI has written read. */
export const onIdle = (state: State, forMs: number, settings: Settings): Step => {
  const { turn } = state;
  if (turn === null) return stepped(state);
  if (turn.over !== null) {
    const limit = turn.seen ? idleLimits.over : idleLimits.unwritten;
    return forMs >= limit ? end(state, "by itself", settings.now) : stepped(state);
  }
  const limit = turn.interrupting ? idleLimits.interrupted : idleLimits.silent;
  return forMs >= limit ? end(state, "interrupted", settings.now) : stepped(state);
};

export const isFree = (state: State, status: Status | null): boolean =>
  state.turn === null && state.next.length === 0 && status?.state === "idle";
