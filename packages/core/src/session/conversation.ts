/**
 * One writer for each conversation of a vendor's: a session holds its own by a claim, like its name, from before its first words
 * until it is deleted. No name of a session looks like one.
 */
import { problem, type Problem, type Session } from "@skein/contract";
import type { SessionState } from "./state.ts";

export const conversationClaim = (
  { backend, host }: Pick<Session, "backend" | "host">,
  conversation: string,
): string => `${backend}@${host}/${conversation}`;

/** The one that it goes on with, or the one that it will have with its first words; null: it has none yet. */
export const ownConversation = ({
  view,
  reserved,
}: Pick<SessionState, "view" | "reserved">): string | null => view.providerSessionId ?? reserved;

/** What is said to whoever wants a conversation that a session has; null: the claim is that of a name. */
export const heldProblem = (claim: string): Problem | null => {
  const conversation = /^[^/]+@[^/]+\/(.+)$/.exec(claim)?.[1];
  if (conversation === undefined) return null;
  return problem(
    "conversation_held",
    `Another session of Skein's has the conversation ${conversation} already.`,
    "Use that session: `skein outside --all` names it. To go another way from there, fork it.",
  );
};
