/** Puts a recording of the real CLI through the fold, for the tests: what it said and what we did, in their order. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Fact, LiveDelta } from "@skein/sdk";
import { chain, folded, type Folded, type Order, type Settings } from "../fold.ts";
import { fromCheckpoint, toCheckpoint } from "../../lines/checkpoint.ts";
import { initialState, recorded, type State } from "../state.ts";
import { giving, interrupting, steering, step } from "../translate.ts";
import { isObject, readLine, string, type Json } from "../wire.ts";

export const settings: Settings = {
  folder: "/home/dev/project",
  permissions: "guarded",
  model: null,
  pid: 42,
  reserved: null,
};

export const linesOf = (name: string): readonly string[] =>
  readFileSync(join(import.meta.dirname, `${name}.ndjson`), "utf8")
    .split("\n")
    .filter(Boolean);

const text = (line: Json, name: string): string => string(line[name]) ?? "";

const ours = (state: State, line: Json): State => {
  const given = {
    uuid: text(line, "uuid"),
    prompt: text(line, "prompt"),
    text: text(line, "text"),
  };
  switch (line["skein"]) {
    case "prompt":
      return giving(state, text(line, "turn"), 0, given);
    case "steer":
      return steering(state, given);
    default:
      return interrupting(state);
  }
};

/** The place of a line stands in for its offset in the spool. */
export const stepLine = (state: State, line: string, at: number, how = settings): Folded => {
  const parsed: unknown = line.startsWith('{"skein"') ? JSON.parse(line) : null;
  return isObject(parsed) ? folded(ours(state, parsed)) : step(state, readLine(line), at, how);
};

export type Replayed = {
  readonly state: State;
  readonly facts: readonly Fact[];
  readonly live: readonly LiveDelta[];
  readonly orders: readonly Order[];
};

export const replayLines = (
  lines: readonly string[],
  from: State = initialState,
  how = settings,
): Replayed => {
  let all = folded(from);
  for (const [at, line] of lines.entries())
    all = chain(all, (state) => stepLine(state, line, at, how));
  return all;
};

export const replay = (name: string, how = settings): Replayed =>
  replayLines(linesOf(name), initialState, how);

/** As a daemon that dies and comes back sees the state: through a checkpoint, with the prompt's text from elsewhere. */
export const throughCheckpoint = (state: State): State => {
  const stored: unknown = JSON.parse(
    JSON.stringify(toCheckpoint({ state: recorded(state), offset: 0 }, 1)),
  );
  const back = fromCheckpoint({ checkpoint: stored, generation: 1 }, initialState).state;
  if (back.turn === null || state.turn === null) return back;
  return { ...back, turn: { ...back.turn, text: state.turn.text } };
};

/** A fact in a line that a person can read. */
export const brief = (fact: Fact): string => {
  switch (fact.fact) {
    case "started":
      return `started ${fact.model ?? ""}`;
    case "accepted":
      return `accepted ${fact.turn}`;
    case "provider-session":
      return "conversation known";
    case "asked":
      return `asked ${fact.approval.kind}: ${fact.title}${fact.canAlways ? " (always)" : ""}`;
    case "withdrawn":
      return `withdrawn: ${fact.reason}`;
    case "notice":
      return `notice: ${fact.text}`;
    case "turn-ended": {
      const { outcome, error, usage, turn } = fact;
      const why = error === null ? "" : ` ${error.kind}`;
      return `ended ${turn} ${outcome}${why} in=${usage?.inputTokens} out=${usage?.outputTokens} $${usage?.costUsd}`;
    }
    case "item":
      return briefItem(fact);
    default:
      return fact.fact;
  }
};

const briefItem = ({ body, id }: Extract<Fact, { fact: "item" }>): string => {
  switch (body.kind) {
    case "user":
      return `user ${id} (${body.how}): ${body.text}`;
    case "command":
      return `command ${body.command} ${body.status} ${body.exitCode} ${JSON.stringify(body.output)}`;
    case "edit": {
      const [change] = body.changes;
      return `edit ${change?.change} ${change?.path} ${body.status} ${JSON.stringify(change?.diff)}`;
    }
    case "tool":
      return `tool ${body.title} ${body.status}`;
    default:
      return `${body.kind} ${body.text}`;
  }
};
