/**
 * One writer for each conversation of a vendor's: a session holds its own by a claim, like its name, from when it learns of
 * it until it is deleted. No name of a session looks like one.
 */
import type { Session } from "@skein/contract";

export const conversationClaim = (
  { backend, host }: Pick<Session, "backend" | "host">,
  conversation: string,
): string => `${backend}@${host}/${conversation}`;
