/**
 * Waiting for sessions: until they have nothing left to do, one needs a person, one fails, or the time is over. With a prompt:
 * until its own turn has ended, whatever is queued before and behind it.
 */
import { LIMITS, refuse, type Output, type Session, type Turn } from "@skein/contract";
import type { Store } from "../engine/ports.ts";
import type { Handlers } from "./handlers.ts";
import { findSession, findSessionId, openApprovals, type FoundSession } from "./find.ts";
import { optional } from "./optional.ts";
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
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await store.turns({
      session: view.id,
      limit: LIMITS.pageMax,
      ...optional("cursor", cursor),
    });
    const turns = page.rows.map((row) => JSON.parse(row.turn) as Turn);
    const found = turns.find((turn) => turn.prompt === prompt);
    if (found !== undefined) return found;
    cursor = page.next;
  }
  return null;
};

const look = async (store: Store, id: string, prompt: string | undefined): Promise<Seen> => {
  const found = await findSession(store, id);
  const session = found.view;
  if (prompt === undefined) return { session, outcome: outcomeOf(session), turn: null };
  const isQueued = found.queue.some((one) => one.prompt === prompt);
  const turn = isQueued ? null : await findTurn(store, session, prompt);
  return { session, outcome: outcomeOfPrompt(found, prompt, turn), turn };
};

export const waitingHandlers = (deps: OperationDeps): Pick<Handlers, "sessions.wait"> => ({
  "sessions.wait": async (input, _caller, signal) => {
    const ids = await Promise.all(
      [...new Set(input.sessions)].map((ref) => findSessionId(deps.store, ref)),
    );
    if (input.prompt !== undefined && ids.length > 1)
      throw refuse(
        "invalid_input",
        "A prompt belongs to one session; several were named.",
        "Name the session that the prompt was sent to.",
      );
    const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.max(input.timeoutMs, 1))]);
    for (;;) {
      // Sleep is arranged before looking, so that no change falls between.
      const ended = new AbortController();
      const changed = deps.changes.next(ids, AbortSignal.any([limit, ended.signal]));
      const seen = await Promise.all(ids.map((id) => look(deps.store, id, input.prompt)));
      const outcomes = seen.map((one) => one.outcome);
      const outcome =
        limit.aborted || input.timeoutMs === 0
          ? (overall(outcomes, input.until) ?? "timeout")
          : overall(outcomes, input.until);
      if (outcome !== null) {
        ended.abort();
        return { outcome, sessions: await Promise.all(seen.map((one) => waited(deps, one))) };
      }
      await changed;
    }
  },
});

const waited = async (deps: OperationDeps, seen: Seen): Promise<Waited["sessions"][number]> => ({
  ...seen,
  approvals: seen.outcome === "waiting" ? await openApprovals(deps.store, seen.session.id) : [],
});
