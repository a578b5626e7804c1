/**
 * Which sessions a verb is for: those that were named, and those of a group. All are looked up before anything is done to any,
 * so that a mistyped name costs nothing.
 */
import type { Session } from "@skein/contract";
import { allPages } from "@skein/client/light";
import type { Cli } from "./cli.ts";
import { EXIT, fail, isFailure, misused, type Failure } from "./failure.ts";
import { oneLine, visible } from "./format/escape.ts";

/** As `findSessions`; rejects, too, when one of them was deleted: by its id it is still found, but nothing more is done to it. */
export const findLiving = async (
  cli: Cli,
  refs: readonly string[],
  group: string | undefined,
): Promise<Session[]> => {
  const sessions = await findSessions(cli, refs, group);
  const deleted = sessions.find(({ deletedAt }) => deletedAt !== null);
  if (deleted === undefined) return sessions;
  throw fail(
    EXIT.refused,
    "session_deleted",
    `The session ${oneLine(deleted.name)} was deleted.`,
    "Nothing was done to the others, either: name them without it.",
  );
};

/** Each once, in the order they were named, those of the group after them. Rejects with a Failure that names all that are not there. */
export const findSessions = async (
  cli: Cli,
  refs: readonly string[],
  group: string | undefined,
): Promise<Session[]> => {
  const [named, members] = await Promise.all([
    namedOnes(cli, refs),
    group === undefined ? [] : membersOf(cli, group),
  ]);
  const all = new Map([...named, ...members].map((each) => [each.id, each]));
  return [...all.values()];
};

/** Throws when neither sessions nor a group was given. */
export const someTarget = (refs: readonly string[], group: string | undefined): void => {
  if (refs.length === 0 && group === undefined)
    throw misused("No session was named.", "Give a session's name or id, or --group NAME.");
};

const membersOf = async (cli: Cli, group: string): Promise<Session[]> => {
  const members = await allPages(
    (page) => cli.call("sessions.list", { group, ...page }),
    (page) => page.sessions,
  );
  if (members.length > 0) return members.toReversed();
  throw fail(
    EXIT.refused,
    "session_not_found",
    `No session is in the group ${oneLine(group)}.`,
    "See which groups there are with: skein list",
  );
};

const namedOnes = async (cli: Cli, refs: readonly string[]): Promise<Session[]> => {
  const unique = [...new Set(refs)];
  const asked = await Promise.allSettled(
    unique.map(async (session) => (await cli.call("sessions.get", { session })).session),
  );
  const missing: string[] = [];
  let refusal: unknown;
  const found: Session[] = [];
  for (const [at, each] of asked.entries()) {
    if (each.status === "fulfilled") {
      found.push(each.value);
      continue;
    }
    if (!isNotFound(each.reason)) throw each.reason;
    refusal = each.reason;
    missing.push(unique[at] ?? "");
  }
  if (missing.length === 1) throw refusal;
  if (missing.length > 1) throw allMissing(missing);
  return found;
};

const isNotFound = (error: unknown): boolean =>
  isFailure(error) && error.failure.code === "session_not_found";

const allMissing = (refs: readonly string[]): Failure =>
  fail(
    EXIT.refused,
    "session_not_found",
    `There are no sessions ${visible(refs.join(", "))}.`,
    "List them with: skein list",
  );
