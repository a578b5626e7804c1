/**
 * Waiting for sessions: until they have nothing left to do, one needs a person, one fails, or the time is over. With a prompt:
 * until its own turn has ended, whatever is queued before and behind it.
 */
import {
  LIMITS,
  refuse,
  type Output,
  type ParsedInput,
  type Session,
  type Turn,
} from "@skein/contract";
import { eachRow } from "../each-row.ts";
import type { Store } from "../engine/ports.ts";
import type { Handlers } from "./handlers.ts";
import { findSession, findSessionId, membersOf, openApprovals, type FoundSession } from "./find.ts";
import type { OperationDeps } from "./ports.ts";

type Waited = Output<"sessions.wait">;
type Outcome = Waited["sessions"][number]["outcome"];

/** What a session's state means for someone who waits for it. */
export const outcomeOf = (session: Session): Outcome => {
  const { state } = session.status;
  if (state === "waiting") return "waiting";
  if (session.deletedAt !== null) return "failed";
  if (session.turn !== null) return "working";
  if (state === "failed" || state === "lost") return "failed";
  // What waits in its queue is held until someone resumes it.
  if (state === "stopped" && session.queued > 0) return "waiting";
  if (session.queued > 0 || state === "starting") return "working";
  return session.lastTurn?.outcome === "failed" ? "failed" : "done";
};

const overall = (outcomes: readonly Outcome[], until: "any" | "all"): Waited["outcome"] | null => {
  // A person is needed, or something broke: nobody is helped by waiting for the rest.
  if (outcomes.includes("waiting")) return "waiting";
  const working = outcomes.filter((one) => one === "working").length;
  if (until === "all" ? working > 0 : working === outcomes.length) return null;
  return outcomes.includes("failed") ? "failed" : "done";
};

type Seen = { readonly session: Session; readonly outcome: Outcome; readonly turn: Turn | null };

/** `turn`: that of the prompt, if it has one. A prompt that steered has none of its own: the session's outcome is its. */
export const outcomeOfPrompt = (
  { view, queue, steers }: Pick<FoundSession, "view" | "queue" | "steers">,
  prompt: string,
  turn: Turn | null,
): Outcome => {
  const has = (one: { readonly prompt: string }): boolean => one.prompt === prompt;
  // In the queue also when it was in a turn already, and was given back.
  if (queue.some(has) || turn?.outcome === null) return outcomeOf(view);
  if (turn !== null) return turn.outcome === "failed" ? "failed" : "done";
  return steers.some(has) ? outcomeOf(view) : "failed";
};

/** The newest one first: who waits for a prompt has mostly just sent it. */
const findTurn = async (store: Store, view: Session, prompt: string): Promise<Turn | null> => {
  for (const turn of [view.turn, view.lastTurn]) if (turn?.prompt === prompt) return turn;
  const query = { session: view.id, limit: LIMITS.pageMax };
  for await (const row of eachRow((page) => store.turns({ ...query, ...page }))) {
    const turn = JSON.parse(row.turn) as Turn;
    if (turn.prompt === prompt) return turn;
  }
  return null;
};

/** What a session's goal means for someone who waits for that. Throws a Refusal when it has none. */
export const outcomeOfGoal = (session: Session): Outcome => {
  const { goal, name } = session;
  if (goal === null)
    throw refuse("no_goal", `${name} has no goal.`, "Wait for it without goal, or set one.");
  if (goal.state === "complete") return "done";
  if (goal.state === "budget" || goal.state === "limit") return "failed";
  if (goal.state !== "active") return "waiting";
  const now = outcomeOf(session);
  return now === "done" ? "working" : now;
};

type Question = Pick<ParsedInput<"sessions.wait">, "prompt" | "goal">;

const look = async (store: Store, id: string, { prompt, goal }: Question): Promise<Seen> => {
  const found = await findSession(store, id);
  const session = found.view;
  if (goal) return { session, outcome: outcomeOfGoal(session), turn: null };
  if (prompt === undefined) return { session, outcome: outcomeOf(session), turn: null };
  const isQueued = found.queue.some((one) => one.prompt === prompt);
  const turn = isQueued ? null : await findTurn(store, session, prompt);
  return { session, outcome: outcomeOfPrompt(found, prompt, turn), turn };
};

/** Those that are named and those that are in the group now, each once. Throws a Refusal when that is nobody. */
const awaited = async (
  store: Store,
  { sessions, group }: Pick<ParsedInput<"sessions.wait">, "sessions" | "group">,
): Promise<string[]> => {
  const named = await Promise.all(sessions.map((ref) => findSessionId(store, ref)));
  const members = group === undefined ? [] : await membersOf(store, group);
  const ids = [...new Set([...named, ...members])];
  if (ids.length > LIMITS.waitSessions)
    throw refuse(
      "invalid_input",
      `${ids.length} sessions are too many to wait for at once; ${LIMITS.waitSessions} is the most.`,
      "Wait for some of them at a time.",
    );
  if (ids.length > 0) return ids;
  throw group === undefined
    ? refuse("invalid_input", "No session was named.", "Name sessions, or a group.")
    : refuse(
        "session_not_found",
        `No session is in the group ${group}.`,
        "See which groups there are with `skein list`.",
      );
};

export const waitingHandlers = (deps: OperationDeps): Pick<Handlers, "sessions.wait"> => ({
  "sessions.wait": async (input, _caller, signal) => {
    const ids = await awaited(deps.store, input);
    if (input.prompt !== undefined && (ids.length > 1 || input.goal))
      throw refuse(
        "invalid_input",
        "A prompt belongs to one session, and is no goal.",
        "Name the session that the prompt was sent to, and nothing else.",
      );
    const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.max(input.timeoutMs, 1))]);
    for (;;) {
      // Sleep is arranged before looking, so that no change falls between.
      const ended = new AbortController();
      try {
        const changed = deps.changes.next(ids, AbortSignal.any([limit, ended.signal]));
        const seen = await Promise.all(ids.map((id) => look(deps.store, id, input)));
        const outcomes = seen.map((one) => one.outcome);
        const outcome =
          limit.aborted || input.timeoutMs === 0
            ? (overall(outcomes, input.until) ?? "timeout")
            : overall(outcomes, input.until);
        if (outcome !== null)
          return { outcome, sessions: await Promise.all(seen.map((one) => waited(deps, one))) };
        await changed;
      } finally {
        ended.abort();
      }
    }
  },
});

const waited = async (deps: OperationDeps, seen: Seen): Promise<Waited["sessions"][number]> => ({
  ...seen,
  approvals: seen.outcome === "waiting" ? await openApprovals(deps.store, seen.session.id) : [],
});
