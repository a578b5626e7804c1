/** What people, scripts and other agents ask of a session. */
import { addUsage, noUsage, problem, type Session } from "@skein/contract";
import { rejection, type Context, type Decision, type Rejection } from "../decision.ts";
import { makeDraft, type Draft } from "./draft.ts";
import { conversationClaim, heldProblem, ownConversation } from "./conversation.ts";
import { evolveSession } from "./evolve.ts";
import { queueFull } from "./backlog.ts";
import { pursue } from "./goal.ts";
import { giveWay, makeWay, pauseGoal } from "./goal-verdict.ts";
import { advance, closeItems, endTurn, expireApprovals, wakeProcess } from "./flow.ts";
import type { CreateInput, SessionInput } from "./input.ts";
import { sayDeleted, settle, unhold } from "./settle.ts";
import type { SessionState } from "./state.ts";

type Of<T extends SessionInput["type"]> = Extract<SessionInput, { type: T }>;

const chooseName = (input: CreateInput, context: Context): string | null =>
  input.name ?? input.names.find((name) => !context.taken(name)) ?? null;

const newSession = (input: CreateInput, name: string, now: string): Session => ({
  id: input.id,
  name,
  backend: input.backend,
  host: input.host,
  folder: input.folder,
  interface: input.interface,
  program: input.program,
  container: input.container,
  group: input.group,
  unreachable: null,
  model: input.model,
  effort: input.effort,
  permissions: input.permissions,
  description: input.description,
  tags: [...input.tags],
  parent: input.parent,
  forkedFrom: input.fork?.session ?? null,
  generation: 0,
  providerSessionId: input.adopt?.conversation ?? null,
  status: { state: "starting", waitingFor: null, reason: "created", source: "command", since: now },
  turn: null,
  lastTurn: null,
  turns: 0,
  queued: 0,
  approvals: [],
  goal: null,
  usage: addUsage(noUsage, noUsage),
  createdAt: now,
  activeAt: now,
  deletedAt: null,
});

const nameTaken = (name: string): Rejection =>
  rejection(
    problem(
      "name_taken",
      `The name ${name} is in use.`,
      "Choose another name, or leave it out to get one.",
      { name },
    ),
  );

export const create = (input: CreateInput, context: Context): Decision | Rejection => {
  const name = chooseName(input, context);
  if (name === null || context.taken(name)) return nameTaken(name ?? input.names[0] ?? "");
  const conversation = input.adopt?.conversation ?? null;
  const held = conversation === null ? null : conversationClaim(input, conversation);
  const refused = held !== null && context.taken(held) ? heldProblem(held) : null;
  if (refused !== null) return rejection(refused);
  const created = {
    type: "session.created" as const,
    data: {
      session: newSession(input, name, context.now),
      forkOf: input.fork?.providerSessionId ?? null,
      by: context.actor,
      token: input.token,
    },
  };
  const draft = makeDraft(evolveSession(null, created, context.now), context);
  draft.take(name);
  if (held !== null) draft.take(held);
  for (const [index, past] of (input.adopt?.history ?? []).entries()) {
    const at = past.at === "" ? context.now : past.at;
    const item = { ...past, at, turn: null, order: index + 1, truncated: false };
    draft.emit({ type: "session.item", data: { item } });
  }
  wakeProcess(draft);
  const rest = draft.done();
  return { ...rest, events: [created, ...rest.events] };
};

/** null: no turn that could take it; it becomes an ordinary prompt. */
const steer = (draft: Draft, input: Of<"send">): Decision | Rejection | null => {
  const { view, current } = draft.state;
  if (!input.capabilities.steer) {
    return rejection(
      problem(
        "steer_unsupported",
        `${view.backend} cannot be steered during a turn.`,
        "Send without steer to queue the prompt, or with interrupt to stop the turn first.",
      ),
    );
  }
  if (current === null || view.turn === null || !current.accepted || current.interrupting)
    return null;
  const full = queueFull(draft.state, input);
  if (full !== null) return full;
  const prompt = draft.context.id("prm");
  draft.emit({
    type: "session.prompt.steered",
    data: { prompt, turn: view.turn.id, text: input.text, by: draft.context.actor },
  });
  draft.effect({
    kind: "agent.steer",
    turn: current.key ?? view.turn.id,
    prompt,
    text: input.text,
  });
  return draft.done({ prompt, delivery: "steered" });
};

export const send = (
  state: SessionState,
  input: Of<"send">,
  context: Context,
): Decision | Rejection => {
  const draft = makeDraft(state, context);
  if (input.how === "steer") {
    const steered = steer(draft, input);
    if (steered !== null) return steered;
  }
  const full = queueFull(state, input);
  if (full !== null) return full;
  makeWay(draft);
  const prompt = context.id("prm");
  const how = input.how === "interrupt" ? "interrupt" : "queue";
  draft.emit({
    type: "session.prompt.queued",
    data: { prompt, text: input.text, how, by: context.actor },
  });
  if (how === "interrupt") interruptTurn(draft);
  if (state.process === "stopping") settle(draft, "command");
  advance(draft);
  return draft.done({
    prompt,
    delivery: draft.state.current?.prompt === prompt ? "started" : "queued",
  });
};

/** Once for each steer. It waits for an agent that is there, and calls back none that was stopped or has died. */
export const requeue = (state: SessionState, input: Of<"requeue">, context: Context): Decision => {
  const draft = makeDraft(state, context);
  const given = state.steers.find((one) => one.prompt === input.prompt && !one.taken);
  if (given === undefined || state.view.deletedAt !== null) return draft.done();
  draft.emit({
    type: "session.prompt.queued",
    data: { prompt: given.prompt, text: given.text, how: "steer", by: given.by },
  });
  giveWay(draft);
  if (state.process === "running") advance(draft);
  return draft.done();
};

/** Asks the agent to end its turn; false when there is none. Asking twice changes nothing. */
const interruptTurn = (draft: Draft): boolean => {
  const { current, view } = draft.state;
  if (current === null || view.turn === null) return false;
  if (current.interrupting) return true;
  draft.emit({
    type: "session.turn.interrupting",
    data: { turn: view.turn.id, by: draft.context.actor },
  });
  draft.effect({ kind: "agent.interrupt", turn: current.key ?? view.turn.id });
  settle(draft, "command");
  return true;
};

export const interrupt = (
  state: SessionState,
  input: Of<"interrupt">,
  context: Context,
): Decision => {
  const draft = makeDraft(state, context);
  pauseGoal(draft, "interrupted");
  const dropped = input.clearQueue ? draft.state.queue : [];
  for (const { prompt } of dropped) {
    draft.emit({
      type: "session.prompt.dropped",
      data: { prompt, reason: "the queue was cleared" },
    });
  }
  const interrupted = interruptTurn(draft);
  return draft.done({ interrupted, dropped: dropped.length });
};

const stopProcess = (
  draft: Draft,
  why: "stop" | "delete" | "restart",
  effect: { readonly force: boolean } | null,
): void => {
  const { generation } = draft.state.view;
  draft.emit({ type: "session.process.stopping", data: { generation, why } });
  if (effect !== null) draft.effect({ kind: "agent.stop", force: effect.force });
};

/** The last word counts: it also takes back a prompt's or a person's wish to start again. */
export const stop = (state: SessionState, context: Context): Decision => {
  const draft = makeDraft(state, context);
  const { process, wake, stopWhy } = state;
  pauseGoal(draft, "the session was stopped");
  if (process === "none") {
    draft.status({ state: "stopped", reason: "stopped on request", source: "command" });
    return draft.done();
  }
  if (process !== "stopping") stopProcess(draft, "stop", { force: false });
  else if (wake || stopWhy === "idle") stopProcess(draft, "stop", null);
  settle(draft, "command");
  return draft.done();
};

/** Starts the agent; one that is being stopped is started after that; a queue that is held goes on. */
export const resume = (state: SessionState, context: Context): Decision => {
  const draft = makeDraft(state, context);
  wakeProcess(draft);
  if (state.process === "stopping" && !state.wake) {
    stopProcess(draft, "restart", null);
    settle(draft, "command");
  }
  if (state.process === "running") {
    advance(draft);
    unhold(draft);
    pursue(draft);
  }
  return draft.done();
};

export const rename = (
  state: SessionState,
  input: Of<"rename">,
  context: Context,
): Decision | Rejection => {
  const { view } = state;
  const name = input.name ?? view.name;
  const draft = makeDraft(state, context);
  if (name !== view.name) {
    if (context.taken(name)) return nameTaken(name);
    draft.release(view.name);
    draft.take(name);
  }
  const description = input.description === undefined ? view.description : input.description;
  const tags = [...(input.tags ?? view.tags)];
  const group = input.group === undefined ? view.group : input.group;
  const isSame = name === view.name && description === view.description && group === view.group;
  if (isSame && JSON.stringify(tags) === JSON.stringify(view.tags)) return draft.done();
  draft.emit({ type: "session.renamed", data: { name, description, tags, group } });
  return draft.done();
};

export const remove = (state: SessionState, context: Context): Decision => {
  const draft = makeDraft(state, context);
  for (const { prompt } of state.queue) {
    draft.emit({
      type: "session.prompt.dropped",
      data: { prompt, reason: "the session was deleted" },
    });
  }
  endTurn(draft, { outcome: "interrupted", error: null, usage: null });
  expireApprovals(draft, "the session was deleted");
  closeItems(draft, null);
  if (state.process !== "none") stopProcess(draft, "delete", { force: true });
  draft.effect({ kind: "agent.remove" });
  sayDeleted(draft);
  draft.emit({ type: "session.deleted", data: { by: context.actor } });
  draft.release(state.view.name);
  const conversation = ownConversation(state);
  if (conversation !== null) draft.release(conversationClaim(state.view, conversation));
  return draft.done();
};

export const report = (input: Of<"report">, context: Context): Decision => ({
  ok: true,
  events: input.events.map((event) => ({
    type: "session.reported" as const,
    data: { type: event.type, data: event.data, by: context.actor },
  })),
  effects: [],
  claims: { take: [], release: [] },
  result: {},
});
