/** Waiting for sessions: until they have nothing left to do, one needs a person, one fails, or the time is over. */
import type { Output, Session } from "@skein/contract";
import type { Handlers } from "./handlers.ts";
import { findSessionId, openApprovals, viewSession } from "./find.ts";
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

export const waitingHandlers = (deps: OperationDeps): Pick<Handlers, "sessions.wait"> => ({
  "sessions.wait": async (input, _caller, signal) => {
    const ids = await Promise.all(
      [...new Set(input.sessions)].map((ref) => findSessionId(deps.store, ref)),
    );
    const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.max(input.timeoutMs, 1))]);
    for (;;) {
      // Sleep is arranged before looking, so that no change falls between.
      const ended = new AbortController();
      const changed = deps.changes.next(ids, AbortSignal.any([limit, ended.signal]));
      const views = await Promise.all(ids.map((id) => viewSession(deps.store, id)));
      const outcomes = views.map(outcomeOf);
      const outcome =
        limit.aborted || input.timeoutMs === 0
          ? (overall(outcomes, input.until) ?? "timeout")
          : overall(outcomes, input.until);
      if (outcome !== null) {
        ended.abort();
        return {
          outcome,
          sessions: await Promise.all(
            views.map((session, index) => waited(deps, session, outcomes[index]!)),
          ),
        };
      }
      await changed;
    }
  },
});

const waited = async (
  deps: OperationDeps,
  session: Session,
  outcome: Outcome,
): Promise<Waited["sessions"][number]> => ({
  session,
  outcome,
  approvals: outcome === "waiting" ? await openApprovals(deps.store, session.id) : [],
});
