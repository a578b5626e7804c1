/** What holds for every decision on a session, whatever came before. Each broken promise is a sentence; none: an empty list. */
import { same } from "./same.ts";
import { EVENT_DATA, type NewEvent } from "@skein/contract";
import type { Decision } from "../../decision.ts";
import { evolveSession } from "../evolve.ts";
import type { SessionState } from "../state.ts";

const eventPromises = ({ type, data }: NewEvent): string[] => {
  const parsed = EVENT_DATA[type].safeParse(data);
  if (!parsed.success) return [`${type} does not fit its schema: ${parsed.error.message}`];
  return same(parsed.data, data) ? [] : [`${type} carries more than its schema says`];
};

const livingStates = (state: SessionState): readonly string[] => {
  const { process, current, open, held } = state;
  if (process === "starting") return ["starting"];
  if (process === "stopping") return current === null ? ["idle", "starting"] : ["working"];
  if (current?.interrupting === true) return ["working"];
  if (Object.keys(open).length > 0) return ["waiting"];
  if (current !== null) return ["working"];
  return held === null ? ["idle"] : ["waiting"];
};

const statusPromises = (state: SessionState): string[] => {
  const { status, deletedAt } = state.view;
  const possible =
    deletedAt !== null
      ? ["stopped"]
      : state.process === "none"
        ? ["stopped", "failed", "lost", "waiting"]
        : livingStates(state);
  const broken: string[] = [];
  if (!possible.includes(status.state))
    broken.push(
      `the status is ${status.state} (${status.reason}), not ${possible.join(" or ")}; the process is ${state.process}`,
    );
  if ((status.waitingFor === null) === (status.state === "waiting"))
    broken.push(`${status.state} waits for ${String(status.waitingFor)}`);
  return broken;
};

const statePromises = (state: SessionState): string[] => {
  const { view, current, queue, open, process } = state;
  const broken = statusPromises(state);
  if (view.turn?.prompt !== current?.prompt) broken.push("the turn is not that of the prompt");
  if (current !== null && process !== "running" && process !== "stopping")
    broken.push(`a turn runs while the process is ${process}`);
  if (view.queued !== queue.length) broken.push("the count of the queue is wrong");
  if (!same(view.approvals, Object.keys(open))) broken.push("the list of approvals is wrong");
  for (const { approval } of Object.values(open)) {
    if (process === "none" || approval.generation !== view.generation)
      broken.push("an approval outlives its process");
    if (approval.turn !== null && approval.turn !== view.turn?.id)
      broken.push("an approval outlives its turn");
  }
  if (
    view.deletedAt !== null &&
    (queue.length > 0 || current !== null || view.approvals.length > 0)
  )
    broken.push("a deleted session has something left to do");
  return broken;
};

export const brokenPromises = (
  before: SessionState | null,
  decision: Decision,
  at: string,
): readonly string[] => {
  let after = before;
  const broken: string[] = [];
  for (const event of decision.events) {
    broken.push(...eventPromises(event));
    if (event.type === "session.turn.started" && after?.view.turn != null)
      broken.push("two turns at once");
    after = evolveSession(after, event, at);
  }
  if (after === null) return broken;
  const { open: _, ...kept } = after;
  if (!same(JSON.parse(JSON.stringify(kept)), kept)) broken.push("the state does not survive JSON");
  const oldest = before?.view.generation ?? 1;
  for (const { kind, generation } of decision.effects)
    if (generation < oldest || generation > after.view.generation)
      broken.push(`${kind} is for generation ${generation}`);
  return [...broken, ...statePromises(after)];
};
