/**
 * tmux that does not answer, though its host does: nothing has failed then. What was asked for waits, as it does for a host that is
 * away, and the session's status says why.
 */
import { hostAway, isAdapterFailure, type AdapterFailure } from "@skein/sdk";
import type { Life } from "./life.ts";

/** A call of tmux that came to no end. Whether it was done is not known, and it may yet be done when tmux goes on. */
export const isUnanswered = (error: unknown): boolean =>
  isAdapterFailure(error) &&
  error.failure.code === "terminal_unavailable" &&
  error.failure.kind === "timeout";

/** What a deed rejects with, so that it is done again later. */
export const unanswered = async (
  life: Life,
  reason = "The terminal that the agent runs in does not answer.",
): Promise<AdapterFailure> => {
  const { host } = life.context.backend;
  life.unanswered = true;
  // Of a host that is away its sessions are told already.
  if (host.reach().state === "reachable") await life.reader.tell([{ fact: "unreachable", reason }]);
  return hostAway(host.id);
};

/** Rejects with host_unreachable where tmux does not answer `work`, which is to be done again then. */
export const whereAnswered = async (life: Life, work: Promise<void>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!isAdapterFailure(error) || !isUnanswered(error)) throw error;
    throw await unanswered(life, error.message);
  }
};

/**
 * To be waited for before something is done again: whatever an earlier call left with tmux has been done when this resolves, or never
 * will be. Rejects with host_unreachable while it does not answer.
 */
export const answersAgain = async (life: Life): Promise<void> => {
  if (!life.unanswered) return;
  const { liveness } = await life.context.backend.terminals.look(life.terminal);
  if (liveness === "unknown") throw await unanswered(life);
  life.unanswered = false;
  await life.reader.tell([{ fact: "reachable" }]);
};
