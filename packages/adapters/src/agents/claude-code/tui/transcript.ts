/** The fold's second half: what the transcript tells, and what the status file does. Pure. */
import type { ItemBody } from "@skein/contract";
import type { Fact } from "@skein/sdk";
import { callBody, endedBody, shortened } from "../tools.ts";
import type { Block } from "../wire.ts";
import { without } from "../../lines/step.ts";
import { keyOf } from "./hooks.ts";
import { stepped, chained, type Settings, type Step } from "./step.ts";
import { isUndecided, type State, type TurnState } from "./state.ts";
import { arrange, letPass, type Arranged } from "./order.ts";
import { count, end, hear, isSame, join, standIn } from "./turns.ts";
import type { Placed, Status, TranscriptLine } from "./wire.ts";

type Of<T extends TranscriptLine["line"]> = Extract<TranscriptLine, { line: T }>;

const synthetic = "<synthetic>";
/** What the CLI writes where it has nothing to say. */
const nothingSaid = ["", "(no content)", "No response requested."];

export const answeredThere = "answered at the terminal";

/**
 * A command or an edit that was done has been allowed. One that was not may have been refused, or allowed and then interrupted: the
 * CLI has the same words for both.
 */
const howAnswered = (body: ItemBody): string => {
  const isDone = (body.kind === "command" || body.kind === "edit") && body.status === "done";
  const hasRun = isDone || (body.kind === "command" && body.exitCode !== null);
  return hasRun ? "allowed at the terminal" : answeredThere;
};

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
      : {
          ...hear(count(turn, said.message, tokens), said.blocks),
          cut: stopReason === null && used === 0,
        };
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
  const withdrawn: Fact = { fact: "withdrawn", request, reason: howAnswered(body) };
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
const onPrompt = (state: State, line: Of<"prompt">, settings: Settings): Step => {
  const { turn } = state;
  const { promptId, at } = line;
  if (turn?.promptId === promptId) {
    const lag = turn.at === null ? settings.now - turn.since : turn.lag;
    return stepped({ ...state, turn: { ...turn, seen: true, at: at ?? turn.at, lag } });
  }
  if (!state.next.some((one) => one.promptId === promptId)) return stepped(state);
  return chained(end(state, "by itself", settings.now), (after) =>
    after.turn === null || after.turn === turn ? stepped(after) : onPrompt(after, line, settings),
  );
};

const isAbout = (state: State, promptId: string): boolean =>
  state.turn?.promptId === promptId || state.next.some((one) => one.promptId === promptId);

export const onTranscript = (state: State, line: TranscriptLine, settings: Settings): Step => {
  const { turn, file } = state;
  if (file?.passing === true) {
    if (line.line !== "prompt" || !isAbout(state, line.promptId)) return stepped(state);
    return onPrompt({ ...state, file: { ...file, passing: false } }, line, settings);
  }
  switch (line.line) {
    case "assistant":
      return onAssistant(state, line, settings);
    case "results":
      return onResults(state, line);
    case "prompt":
      return onPrompt(state, line, settings);
    case "interrupted": {
      const isOurs = turn !== null && (line.promptId === null || line.promptId === turn.promptId);
      return isOurs ? end(state, "interrupted", settings.now) : stepped(state);
    }
    case "joined":
      return join(state, line.id, line.text);
    case "queued":
      return stepped({ ...state, queued: [...state.queued, line.text] });
    case "all-said":
      return turn?.seen === true
        ? stepped({ ...state, turn: { ...turn, allSaid: true } })
        : stepped(state);
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

const folded = ({ state, ready }: Arranged, settings: Settings): Step => {
  let result = stepped(state);
  for (const { line } of ready)
    result = chained(result, (before) => onTranscript(before, line, settings));
  return result;
};

/** A line as it was read: with it come those that waited for it, or it waits itself. */
export const onLine = (state: State, read: Placed, settings: Settings): Step => {
  const { line } = read;
  const isAwaited = line.line === "prompt" && isAbout(state, line.promptId);
  return folded(arrange(state, read, isAwaited), settings);
};

/** Nothing more will come: what waited is told as it stands. */
export const onLastWords = (state: State, settings: Settings): Step =>
  folded(letPass(state), settings);

/** Whether the CLI says that it has put these words into its own queue. */
export const isQueued = (state: State, text: string): boolean =>
  state.queued.some((one) => isSame(text, one));

/** Dialogs that are gone though nobody answered these requests from here: someone did there. */
export const onAnswered = (state: State, requests: readonly string[]): Step => {
  const isGone = (request: string): boolean =>
    requests.includes(request) && isUndecided(state.asks[request]!);
  const gone = Object.keys(state.asks).filter(isGone);
  const kept = Object.entries(state.asks).filter(([request]) => !gone.includes(request));
  return stepped(
    { ...state, asks: Object.fromEntries(kept) },
    gone.map((request) => ({ fact: "withdrawn", request, reason: answeredThere })),
    gone.map((request) => ({ order: "release", request })),
  );
};

/**
 * So long the CLI must have been idle, in milliseconds, before its turn is held for over without a word in the transcript: where
 * no such word is to be expected, and `missing`, where it is and does not come.
 */
const idleLimits = { interrupted: 400, over: 1_500, silent: 5_000, missing: 30_000 } as const;

/**
 * Only an interrupt before the first word leaves no mark at all. A machine that took long to bring the prompt is given as long for
 * the rest.
 */
const limitOf = (turn: TurnState): number => {
  const isOver = turn.over !== null || turn.allSaid;
  const isWhole = turn.allSaid || turn.refusal !== null;
  if (!turn.seen || (isOver && !isWhole) || (!isOver && turn.spoke)) return idleLimits.missing;
  const least = isOver ? "over" : turn.interrupting ? "interrupted" : "silent";
  return Math.min(Math.max(idleLimits[least], turn.lag), idleLimits.missing);
};

const outcomeOf = (turn: TurnState) =>
  turn.over !== null || turn.allSaid ? "by itself" : "interrupted";

/** Idle `forMs`, `since` by the host's clock (0: it does not tell), with all that the CLI has written read. */
export type Idle = { readonly forMs: number; readonly since: number };

export const onIdle = (state: State, { forMs, since }: Idle, settings: Settings): Step => {
  const { turn } = state;
  if (turn === null || forMs < limitOf(turn)) return stepped(state);
  // It was idle before it took the prompt, and has not said since that it is busy.
  if (turn.at !== null && since !== 0 && since < turn.at) return stepped(state);
  if (limitOf(turn) < idleLimits.missing) return end(state, outcomeOf(turn), settings.now);
  return chained(onLastWords(state, settings), (after) =>
    after.turn?.promptId !== turn.promptId
      ? stepped(after)
      : chained(standIn(after, after.turn), (told) => end(told, outcomeOf(turn), settings.now)),
  );
};

export const isFree = (state: State, status: Status | null): boolean =>
  state.turn === null && state.next.length === 0 && status?.state === "idle";
