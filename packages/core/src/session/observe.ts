/**
 * What drivers report. Facts of a generation that is over are refused here, in pure code, so that no adapter and no store
 * needs a guard of its own.
 */
import type { Item, ItemBody } from "@skein/contract";
import { problem } from "@skein/contract";
import { rejection, type Context, type Decision, type Rejection } from "../decision.ts";
import { makeDraft, type Draft } from "./draft.ts";
import {
  advance,
  endTurn,
  expireApprovals,
  mayRestart,
  settleIdle,
  settleWorking,
} from "./flow.ts";
import type { SessionFact, SessionInput } from "./input.ts";
import type { SessionState } from "./state.ts";

type Observe = Extract<SessionInput, { type: "observe" }>;
type FactOf<T extends SessionFact["fact"]> = Extract<SessionFact, { fact: T }>;

export const observe = (
  state: SessionState,
  input: Observe,
  context: Context,
): Decision | Rejection => {
  if (input.generation !== state.view.generation || state.process === "none") {
    return rejection(
      problem(
        "invalid_input",
        `Generation ${input.generation} is over; the session is at ${state.view.generation}.`,
        "Nothing to do: a late word of an old process was dropped.",
      ),
    );
  }
  const draft = makeDraft(state, context);
  for (const fact of input.facts) apply(draft, fact, input);
  return draft.done();
};

const apply = (draft: Draft, fact: SessionFact, input: Observe): void => {
  if (draft.state.process === "none") return;
  switch (fact.fact) {
    case "started":
      return started(draft, fact);
    case "start-failed":
      return startFailed(draft, fact);
    case "provider-session":
      return started(draft, {
        fact: "started",
        pid: null,
        model: null,
        adopted: true,
        providerSessionId: fact.providerSessionId,
      });
    case "accepted":
      return accepted(draft, fact);
    case "item":
      return putItem(draft, fact.id, fact.body, fact.truncated);
    case "notice":
      return putItem(draft, fact.id, { kind: "notice", level: fact.level, text: fact.text }, false);
    case "asked":
      return asked(draft, fact, input.approvalLimit);
    case "withdrawn":
      return withdrawn(draft, fact);
    case "turn-ended":
      return turnEnded(draft, fact);
    case "exited":
      return exited(draft, fact);
    case "unreachable":
      return draft.status({
        ...draft.state.view.status,
        reason: `unreachable: ${fact.reason}`,
        source: "process",
      });
  }
};

const started = (draft: Draft, fact: FactOf<"started">): void => {
  const { view, process } = draft.state;
  if (
    process === "running" &&
    (fact.providerSessionId === null || fact.providerSessionId === view.providerSessionId)
  )
    return;
  draft.emit({
    type: "session.process.started",
    data: {
      generation: view.generation,
      pid: fact.pid,
      providerSessionId: fact.providerSessionId,
      model: fact.model,
    },
  });
  if (process !== "starting") return;
  settleIdle(draft);
  advance(draft);
};

const startFailed = (draft: Draft, fact: FactOf<"start-failed">): void => {
  const expected = draft.state.process === "stopping";
  processEnded(draft, { exitCode: null, signal: null, expected, reason: fact.message });
  if (expected) {
    draft.status({ state: "stopped", reason: "stopped on request", source: "process" });
    return;
  }
  const login = fact.code === "backend_not_logged_in";
  draft.status({
    state: login ? "waiting" : "failed",
    waitingFor: login ? "login" : null,
    reason: `${fact.message} ${fact.remedy}`,
    source: "process",
  });
};

const accepted = (draft: Draft, fact: FactOf<"accepted">): void => {
  const { current, view } = draft.state;
  if (current === null || view.turn?.id !== fact.turn || current.accepted) return;
  draft.emit({
    type: "session.prompt.accepted",
    data: { prompt: current.prompt, turn: fact.turn },
  });
};

const putItem = (draft: Draft, id: string, body: ItemBody, truncated: boolean): void => {
  const { openItems, items, view, silentSince } = draft.state;
  const known = openItems[id];
  const item: Item = {
    id,
    turn: known?.turn ?? view.turn?.id ?? null,
    order: known?.order ?? items + 1,
    at: known?.at ?? draft.context.now,
    truncated,
    body,
  };
  draft.emit({ type: "session.item", data: { item } });
  if (silentSince !== null) settleWorking(draft, "protocol");
};

const asked = (draft: Draft, fact: FactOf<"asked">, limit: number): void => {
  const { open, view } = draft.state;
  const known = Object.values(open).some((one) => one.request === fact.request);
  if (known || Object.keys(open).length >= limit) return;
  draft.emit({
    type: "approval.requested",
    data: {
      request: fact.request,
      approval: {
        id: draft.context.id("apr"),
        session: view.id,
        sessionName: view.name,
        turn: view.turn?.id ?? null,
        generation: view.generation,
        title: fact.title,
        request: fact.approval,
        canAlways: fact.canAlways,
        state: "open",
        requestedAt: draft.context.now,
        resolution: null,
        expired: null,
      },
    },
  });
  settleWorking(draft, "protocol");
};

const withdrawn = (draft: Draft, fact: FactOf<"withdrawn">): void => {
  const found = Object.values(draft.state.open).find((one) => one.request === fact.request);
  if (found === undefined) return;
  draft.emit({
    type: "approval.expired",
    data: { approval: found.approval.id, session: draft.state.view.id, reason: fact.reason },
  });
  settleWorking(draft, "protocol");
};

const turnEnded = (draft: Draft, fact: FactOf<"turn-ended">): void => {
  if (draft.state.view.turn?.id !== fact.turn) return;
  endTurn(draft, fact);
  if (draft.state.process !== "running") return;
  const { lastTurn } = draft.state.view;
  const held = lastTurn?.error?.kind === "login" || lastTurn?.error?.kind === "limit";
  if (held || draft.state.queue.length === 0) settleIdle(draft);
  if (!held) advance(draft);
};

const processEnded = (
  draft: Draft,
  end: {
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly expected: boolean;
    readonly reason: string;
  },
): void => {
  endTurnOfDeadProcess(draft, end.expected, end.reason);
  expireApprovals(draft, "the agent's process ended");
  draft.emit({
    type: "session.process.ended",
    data: { generation: draft.state.view.generation, ...end },
  });
};

/** A prompt that the agent never took goes back to the head of the queue; a turn that it had begun has failed. */
const endTurnOfDeadProcess = (draft: Draft, expected: boolean, reason: string): void => {
  const { current } = draft.state;
  if (current === null) return;
  if (!current.accepted) {
    draft.emit({ type: "session.prompt.returned", data: { prompt: current.prompt, reason } });
    draft.emit({
      type: "session.turn.ended",
      data: {
        turn: {
          ...draft.state.view.turn!,
          endedAt: draft.context.now,
          outcome: "interrupted",
          error: null,
          usage: null,
        },
      },
    });
    return;
  }
  endTurn(draft, {
    outcome: expected ? "interrupted" : "failed",
    error: expected
      ? null
      : {
          kind: "agent",
          message: reason,
          remedy: "Send again: the agent resumes the conversation.",
        },
    usage: null,
  });
};

const exited = (draft: Draft, fact: FactOf<"exited">): void => {
  const { stopWhy, wake } = draft.state;
  const expected = fact.expected || stopWhy !== null;
  const undelivered = draft.state.current !== null && !draft.state.current.accepted;
  processEnded(draft, {
    exitCode: fact.exitCode,
    signal: fact.signal,
    expected,
    reason: fact.reason,
  });
  if (draft.state.view.deletedAt !== null) return;
  if (stopWhy === "fault") {
    draft.status({
      state: "failed",
      reason: "the agent fell silent and was ended; the next prompt starts it again",
      source: "process",
    });
  } else if (expected) {
    draft.status({ state: "stopped", reason: stoppedReason(stopWhy), source: "process" });
  } else {
    draft.status({
      state: fact.unwitnessed ? "lost" : "failed",
      reason: fact.reason,
      source: "process",
    });
  }
  if (wake || (undelivered && !expected && mayRestart(draft))) advance(draft);
};

const stoppedReason = (why: SessionState["stopWhy"]): string =>
  why === "idle"
    ? "stopped after idle time; the next prompt starts it again"
    : "stopped on request";
