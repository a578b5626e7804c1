/** `rename` and `kill`. */
import { InvalidArgumentError } from "commander";
import type { Session } from "@skein/contract";
import { isAlone } from "@skein/contract/light";
import { allPages } from "@skein/client/light";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, misused } from "../failure.ts";
import { eachSession } from "../fan-out.ts";
import { oneLine, visible } from "../format/escape.ts";
import { stateWords } from "../format/status.ts";
import { parseDuration } from "../format/time.ts";
import { findLiving } from "../targets.ts";
import { collect, verb } from "../verb.ts";

type RenameFlags = {
  readonly description?: string;
  readonly tag?: string[];
  /** false: in none any more. */
  readonly group?: string | false;
  readonly json?: boolean;
};

export const rename = verb<RenameFlags, [session: string, name: string | undefined]>({
  examples: [
    ["skein rename fizz-top release-notes", "a new name"],
    ["skein rename fizz-top -d 'the login bug'", "a new description; '' removes it"],
    ["skein rename fizz-top --group review", "into a group; --no-group takes it out"],
  ],
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .argument("[NAME]", "the new name")
      .option("-d, --description <text>", "the new description; an empty one removes it")
      .option("--tag <tag>", "a tag in place of the old ones; may be repeated", collect)
      .option("--group <name>", "put it into this group")
      .option("--no-group", "take it out of its group")
      .option("--json", "print the view (sessions.rename)"),
  run: async (cli, { description, tag, group, json }, session, name) => {
    const changes = [name, description, tag, group];
    if (changes.every((each) => each === undefined))
      throw misused(
        "Nothing to change was given.",
        "Give a NAME, -d TEXT, --tag TAG, --group NAME or --no-group.",
      );
    const view = await cli.call("sessions.rename", {
      session,
      clientId: cli.key(),
      ...(name === undefined ? {} : { name }),
      ...(description === undefined
        ? {}
        : { description: description === "" ? null : description }),
      ...(tag === undefined ? {} : { tags: tag }),
      ...(group === undefined ? {} : { group: group === false ? null : group }),
    });
    if (json === true) printJson(cli, view);
    else if (name === undefined) cli.print(`Changed session ${oneLine(view.session.name)}`);
    else cli.print(`Renamed session ${visible(session)} to ${oneLine(view.session.name)}`);
    return EXIT.done;
  },
});

type KillFlags = {
  readonly all?: boolean;
  readonly olderThan?: Age;
  readonly group?: string;
  readonly json?: boolean;
};

/** Told as it was written: 500d, not what that comes to. */
type Age = { readonly ms: number; readonly written: string };

const parseAge = (written: string): Age => {
  const ms = parseDuration(written);
  if (ms === undefined || ms === 0)
    throw new InvalidArgumentError("Write it as 30m, 72h or 7d; for all of them there is --all.");
  return { ms, written };
};

export const kill = verb<KillFlags, [sessions: string[]]>({
  examples: [
    ["skein kill fizz-top lux-mid", "these two"],
    ["skein kill --group review", "all of a group"],
    ["skein kill --older-than 72h", "those left alone for three days"],
    ["skein kill --all", "every session"],
  ],
  notes:
    "All names are looked up first: when one of them is wrong, none is killed.\n" +
    "--older-than leaves those that work, wait for you, have prompts or a goal left, or cannot be reached.\n" +
    "The history of a killed session stays in the log; its name is free again.",
  define: (command) =>
    command
      .argument("[ID...]", "sessions' names or ids")
      .option("--group <name>", "all sessions of a group, beside those named")
      .option("--all", "every session")
      .option("--older-than <age>", "those left alone for longer: 30m, 72h, 7d", parseAge)
      .option("--json", "print the killed sessions, shaped as sessions.list"),
  run: async (cli, { all, olderThan, group, json }, named) => {
    const isNamed = named.length > 0 || group !== undefined;
    const ways = [isNamed, all === true, olderThan !== undefined];
    if (ways.filter(Boolean).length !== 1)
      throw misused(
        ways.some(Boolean)
          ? "Sessions were chosen in more than one way."
          : "It was not said which sessions to kill.",
        "Give either IDs and --group, or --all, or --older-than AGE.",
      );
    const chosen = isNamed ? await findLiving(cli, named, group) : await matching(cli, olderThan);
    if (chosen.length === 0 && json !== true)
      cli.print(
        olderThan === undefined
          ? "No active sessions"
          : `No session has been left alone for ${olderThan.written}`,
      );
    return killEach(cli, chosen, json === true);
  },
});

/** All, or those that were left alone for so long. One that is as old and stays is told of. */
const matching = async (cli: Cli, olderThan: Age | undefined): Promise<Session[]> => {
  const sessions = await allPages(
    (page) => cli.call("sessions.list", page),
    (page) => page.sessions,
  );
  if (olderThan === undefined) return sessions;
  const before = cli.now() - olderThan.ms;
  const old = sessions.filter(({ activeAt }) => Date.parse(activeAt) < before);
  for (const session of old.filter((each) => !isAlone(each)))
    cli.tell(`skein: ${oneLine(session.name)} stays: ${oneLine(stayWords(session))}`);
  return old.filter(isAlone);
};

const stayWords = (session: Session): string => {
  const { unreachable, turn, queued, goal, status } = session;
  if (unreachable !== null) return "its host does not answer";
  if (turn === null && queued > 0) return "prompts wait for it";
  if (turn === null && goal?.state === "active") return "it has a goal";
  return `${stateWords(session)}, ${status.reason}`;
};

/** One that cannot be killed does not save the others: it is reported, and the exit code says so. */
const killEach = (cli: Cli, sessions: readonly Session[], json: boolean): Promise<number> =>
  eachSession(cli, {
    sessions,
    label: "killing",
    act: ({ id }) => cli.call("sessions.delete", { session: id, clientId: cli.key() }),
    told: ({ session }) => {
      const host = oneLine(session.host);
      if (session.unreachable !== null)
        cli.tell(`skein: ${host} does not answer: the agent there is ended as soon as it does`);
      return `Killed session ${oneLine(session.name)}`;
    },
    json,
    shape: ({ results }) => ({ sessions: results.map(({ session }) => session), next: null }),
  });
