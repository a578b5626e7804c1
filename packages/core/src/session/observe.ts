/**
 * What drivers report. Facts of a generation that is over are refused here, in pure code, so that no adapter and no store
 * needs a guard of its own. A fact that is told again, after a crash, changes nothing.
 */
import type { ApprovalRequest, Item, ItemBody, Resolution, Turn } from "@skein/contract";
import { problem } from "@skein/contract";
import { rejection, type Context, type Decision, type Rejection } from "../decision.ts";
import { conversationClaim, ownConversation } from "./conversation.ts";
import { makeDraft, type Draft } from "./draft.ts";
import { exited, startFailed } from "./ending.ts";
import {
  advance,
  closeItems,
  endTurn,
  expireApprovals,
  returnPrompt,
  silentError,
} from "./flow.ts";
import { pursue } from "./goal.ts";
import { makeWay } from "./goal-verdict.ts";
import type { SessionFact, SessionInput } from "./input.ts";
import { own } from "./record.ts";
import { leaveAlone, sayStalled, settle } from "./settle.ts";
import type { SessionState } from "./state.ts";

type Observe = Extract<SessionInput, { type: "observe" }>;
type FactOf<T extends SessionFact["fact"]> = Extract<SessionFact, { fact: T }>;

const isOver = (state: SessionState, generation: number): boolean =>
  generation !== state.view.generation || state.process === "none";

export const observe = (
  state: SessionState,
  input: Observe,
  context: Context,
): Decision | Rejection => {
  if (isOver(state, input.generation)) {
    return rejection(
      problem(
        "invalid_input",
        `Generation ${input.generation} is over; the session is at ${state.view.generation}.`,
        "Nothing to do: a late word of an old process was dropped.",
      ),
    );
  }
  const draft = makeDraft(state, context);
  for (const fact of input.facts) {
    // Its own end may be among them, and the next generation begins with it.
    if (isOver(draft.state, input.generation)) break;
    if (draft.state.view.deletedAt === null) apply(draft, fact, input);
    else applyLastWords(draft, fact);
  }
  return draft.done();
};

/** Of a deleted session the history is kept; nothing is asked or begun any more. */
const applyLastWords = (draft: Draft, fact: SessionFact): void => {
  switch (fact.fact) {
    case "item":
      return putItem(draft, fact.id, fact.body, fact.truncated);
    case "exited":
      return exited(draft, fact);
    case "start-failed":
      return startFailed(draft, fact);
    default:
      return;
  }
};

const apply = (draft: Draft, fact: SessionFact, input: Observe): void => {
  if (fact.fact === "exited") return exited(draft, fact);
  if (fact.fact === "start-failed") return startFailed(draft, fact);
  if (fact.fact === "unreachable") return leaveAlone(draft, fact.reason);
  const wasAway = draft.state.unreachable;
  if (fact.fact === "stalled") sayStalled(draft, fact.reason, input.source);
  else {
    if (fact.fact !== "reachable") applyWord(draft, fact, input.approvalLimit);
    settle(draft, input.source, true);
  }
  // What was sent meanwhile has waited for this.
  if (wasAway && draft.state.held === null) advance(draft);
};

const applyWord = (
  draft: Draft,
  fact: Exclude<
    SessionFact,
    { fact: "exited" | "start-failed" | "unreachable" | "reachable" | "stalled" }
  >,
  approvalLimit: number,
): void => {
  switch (fact.fact) {
    case "started":
      return started(draft, fact);
    case "provider-session":
      return provider(draft, fact.providerSessionId);
    case "accepted":
      return accepted(draft, fact);
    case "begun":
      return begun(draft, fact);
    case "item":
      return putItem(draft, fact.id, fact.body, fact.truncated);
    case "notice":
      return putItem(draft, fact.id, { kind: "notice", level: fact.level, text: fact.text }, false);
    case "asked":
      return asked(draft, fact, approvalLimit);
    case "withdrawn":
      return withdrawn(draft, fact);
    case "turn-ended":
      return turnEnded(draft, fact);
  }
};

/** Of a conversation that changed its id the old one is let go. */
const hold = (draft: Draft, conversation: string | null): void => {
  const { view } = draft.state;
  const held = ownConversation(draft.state);
  if (conversation === null || conversation === held) return;
  if (held !== null) draft.release(conversationClaim(view, held));
  draft.take(conversationClaim(view, conversation));
};

const provider = (draft: Draft, providerSessionId: string | null): void => {
  if (providerSessionId === null || providerSessionId === draft.state.view.providerSessionId)
    return;
  hold(draft, providerSessionId);
  draft.emit({ type: "session.provider", data: { providerSessionId } });
};

/** `adopted` by a later daemon it is no news, except for what the vendor calls the conversation. */
const started = (draft: Draft, fact: FactOf<"started">): void => {
  const { view, process } = draft.state;
  if (process !== "starting") return provider(draft, fact.providerSessionId);
  const { providerSessionId, pid, model } = fact;
  const reserved = view.providerSessionId === null ? (fact.reserved ?? null) : null;
  hold(draft, providerSessionId ?? reserved);
  draft.emit({
    type: "session.process.started",
    data: { generation: view.generation, pid, providerSessionId, reserved, model },
  });
  advance(draft);
  pursue(draft);
};

/** The prompt is part of the transcript from here on, whether or not the agent echoes it. */
const accepted = (draft: Draft, fact: FactOf<"accepted">): void => {
  const { current, view } = draft.state;
  if (current === null || view.turn?.id !== fact.turn || current.accepted) return;
  const { prompt, text, how } = current;
  draft.emit({ type: "session.prompt.accepted", data: { prompt, turn: fact.turn } });
  putItem(draft, prompt, { kind: "user", text, how }, false);
};

/**
 * A person gave the agent something to do, at its own terminal. What waits goes on waiting; a prompt that was handed over and not
 * taken waits again. Beside a turn that the agent works at these are words for that turn.
 */
const begun = (draft: Draft, fact: FactOf<"begun">): void => {
  const { begun: known, settled, current, process } = draft.state;
  if (known.includes(fact.key) || settled.some((one) => one.id === fact.key)) return;
  const body = { kind: "user", text: fact.text, how: "outside" } as const;
  if (current?.accepted === true || process === "starting")
    return putItem(draft, fact.key, body, fact.truncated);
  const { context } = draft;
  if (current !== null) giveWay(draft);
  const turn: Turn = {
    id: context.id("trn"),
    number: draft.state.view.turns + 1,
    prompt: context.id("prm"),
    startedAt: context.now,
    endedAt: null,
    outcome: null,
    error: null,
    usage: null,
  };
  draft.emit({ type: "session.turn.started", data: { turn, begun: fact.key } });
  putItem(draft, turn.prompt, body, fact.truncated);
};

const giveWay = (draft: Draft): void => {
  const reason = "someone gave the agent something to do at its terminal first";
  expireApprovals(draft, reason);
  closeItems(draft, draft.state.view.turn?.id ?? null);
  returnPrompt(draft, reason);
  makeWay(draft);
};

const putItem = (draft: Draft, id: string, body: ItemBody, truncated: boolean): void => {
  const { openItems, items, view } = draft.state;
  const settled = draft.state.settled.find((one) => one.id === id);
  // A settled item stays settled, and an echo of a prompt says nothing new.
  const isRunning = "status" in body && body.status === "running";
  if (settled !== undefined && (isRunning || body.kind === "user")) return;
  const known = own(openItems, id) ?? settled;
  const item: Item = {
    id,
    turn: known === undefined ? (view.turn?.id ?? null) : known.turn,
    order: known?.order ?? items + 1,
    at: known?.at ?? draft.context.now,
    truncated,
    body,
  };
  draft.emit({ type: "session.item", data: { item } });
};

const asked = (draft: Draft, fact: FactOf<"asked">, limit: number): void => {
  const { open, view } = draft.state;
  if (draft.state.asked.includes(fact.request)) return;
  const approval = draft.context.id("apr");
  draft.emit({
    type: "approval.requested",
    data: {
      request: fact.request,
      approval: {
        id: approval,
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
  if (Object.keys(open).length >= limit)
    denyAtOnce(draft, { approval, request: fact.request, asked: fact.approval });
};

/** An agent that asks too much gets an answer, too: else it would wait for ever. */
const denyAtOnce = (
  draft: Draft,
  one: { readonly approval: string; readonly request: string; readonly asked: ApprovalRequest },
): void => {
  const resolution: Resolution = {
    decision: "deny",
    message: "Too many requests of this session wait for a decision; ask again later.",
    answers: null,
    by: draft.context.actor,
    at: draft.context.now,
  };
  draft.emit({
    type: "approval.resolved",
    data: { approval: one.approval, session: draft.state.view.id, resolution },
  });
  draft.effect({ kind: "agent.answer", ...one, resolution });
};

const withdrawn = (draft: Draft, fact: FactOf<"withdrawn">): void => {
  const found = Object.values(draft.state.open).find((one) => one.request === fact.request);
  if (found === undefined) return;
  draft.emit({
    type: "approval.expired",
    data: { approval: found.approval.id, session: draft.state.view.id, reason: fact.reason },
  });
};

/** By its id, or as the driver calls it. */
const isCurrent = ({ state: { view, current } }: Draft, turn: string): boolean =>
  view.turn !== null && (view.turn.id === turn || current?.key === turn);

/** After a failed login or at a limit the next prompt would fare no better: the queue is held until a person comes back. */
const turnEnded = (draft: Draft, fact: FactOf<"turn-ended">): void => {
  const { stopWhy } = draft.state;
  if (!isCurrent(draft, fact.turn)) return;
  const silenced = stopWhy === "fault" && fact.outcome !== "completed";
  endTurn(draft, silenced ? { ...fact, outcome: "failed", error: silentError } : fact);
  if (draft.state.held !== null) return;
  advance(draft);
  pursue(draft);
};
