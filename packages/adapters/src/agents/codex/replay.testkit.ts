/** Recorded wire logs of the real Codex 0.169.0, folded as the driver would fold them. */
import { readFileSync } from "node:fs";
import type { Fact, LiveDelta } from "@skein/sdk";
import { catchUp } from "./catch-up.ts";
import { freshState, type State } from "./state.ts";
import { accept, folded, foldRequest, foldWord, type Order, type Folded } from "./translate.ts";
import { NO_TOKENS } from "./usage.ts";
import { parseFrame, turnOfClientId, type RequestId, type ThreadOpened } from "./wire.ts";

type Line = {
  readonly from: "client" | "server";
  readonly m: {
    readonly id?: RequestId;
    readonly method?: string;
    readonly params?: Record<string, unknown>;
    readonly result?: unknown;
  };
};

export type Replayed = {
  state: State;
  readonly facts: Fact[];
  readonly live: LiveDelta[];
  readonly orders: Order[];
};

export const recording = (name: string): Line[] =>
  readFileSync(new URL(`recordings/${name}.ndjson`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

const take = (all: Replayed, step: Folded): void => {
  all.state = step.state;
  all.facts.push(...step.facts);
  all.live.push(...step.live);
  all.orders.push(...step.orders);
};

const fromClient = (all: Replayed, { m }: Line, calls: Map<RequestId, string>): void => {
  const { id, method, params = {} } = m;
  if (method === undefined) {
    const answered = new Map(all.state.answered).set(String(id), {});
    return take(all, folded({ ...all.state, answered }));
  }
  const clientId = params["clientUserMessageId"];
  const turn = typeof clientId === "string" ? turnOfClientId(clientId) : null;
  if (method === "turn/start" && turn !== null) {
    calls.set(id ?? "", turn);
    take(all, folded({ ...all.state, handed: { turn } }));
  }
};

const fromServer = (all: Replayed, { m }: Line, calls: Map<RequestId, string>): void => {
  const frame = parseFrame(JSON.stringify(m));
  if (frame?.frame === "notification") take(all, foldWord(all.state, frame.notification));
  if (frame?.frame === "request")
    take(all, foldRequest(all.state, frame.request) ?? folded(all.state));
  if (frame?.frame !== "result") return;
  const turn = calls.get(frame.id);
  if (turn !== undefined) {
    const { id } = (frame.result as { turn: { id: string } }).turn;
    return take(all, accept(all.state, id, turn));
  }
  const opened = frame.result as ThreadOpened;
  const { thread, model } = opened;
  if (all.state.thread === "") all.state = { ...freshState(thread.id, NO_TOKENS), model };
  const turns = (opened.initialTurnsPage?.data ?? []).toReversed();
  if (turns.length > 0)
    take(all, catchUp(all.state, { turns, status: thread.status, totals: null }));
};

export const replay = (name: string, from: State = freshState("", null)): Replayed => {
  const all: Replayed = { state: from, facts: [], live: [], orders: [] };
  const calls = new Map<RequestId, string>();
  for (const line of recording(name))
    if (line.from === "client") fromClient(all, line, calls);
    else fromServer(all, line, calls);
  return all;
};

/** Facts without what changes from recording to recording. */
export const brief = (fact: Fact): string => {
  switch (fact.fact) {
    case "item": {
      const { body } = fact;
      const state = "status" in body ? ` ${body.status}` : "";
      return `${body.kind}${state}${body.kind === "message" ? `: ${body.text}` : ""}`;
    }
    case "asked":
      return `asked ${fact.request} ${fact.approval.kind}`;
    case "withdrawn":
      return `withdrawn ${fact.request}`;
    case "accepted":
      return `accepted ${fact.turn}`;
    case "turn-ended":
      return `ended ${fact.turn} ${fact.outcome}${fact.error === null ? "" : ` ${fact.error.kind}`}`;
    default:
      return fact.fact;
  }
};
