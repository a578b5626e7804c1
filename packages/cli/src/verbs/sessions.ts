/** `rename` and `kill`. */
import { InvalidArgumentError } from "commander";
import type { Session } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, misused, toFailure } from "../failure.ts";
import { oneLine, visible } from "../format/escape.ts";
import { parseDuration } from "../format/time.ts";
import { allPages } from "../pages.ts";
import { withProgress } from "../progress.ts";
import { collect, verb } from "../verb.ts";

type RenameFlags = {
  readonly description?: string;
  readonly tag?: string[];
  readonly json?: boolean;
};

export const rename = verb<RenameFlags, [session: string, name: string | undefined]>({
  examples: [
    ["skein rename fizz-top release-notes", "a new name"],
    ["skein rename fizz-top -d 'the login bug'", "a new description; '' removes it"],
  ],
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .argument("[NAME]", "the new name")
      .option("-d, --description <text>", "the new description; an empty one removes it")
      .option("--tag <tag>", "a tag in place of the old ones; may be repeated", collect)
      .option("--json", "print the view (sessions.rename)"),
  run: async (cli, { description, tag, json }, session, name) => {
    if (name === undefined && description === undefined && tag === undefined)
      throw misused("Nothing to change was given.", "Give a NAME, -d TEXT or --tag TAG.");
    const view = await cli.call("sessions.rename", {
      session,
      clientId: cli.key(),
      ...(name === undefined ? {} : { name }),
      ...(description === undefined
        ? {}
        : { description: description === "" ? null : description }),
      ...(tag === undefined ? {} : { tags: tag }),
    });
    if (json === true) printJson(cli, view);
    else if (name === undefined) cli.print(`Changed session ${oneLine(view.session.name)}`);
    else cli.print(`Renamed session ${visible(session)} to ${oneLine(view.session.name)}`);
    return EXIT.done;
  },
});

type KillFlags = { readonly all?: boolean; readonly olderThan?: number; readonly json?: boolean };

const parseAge = (text: string): number => {
  const age = parseDuration(text);
  if (age === undefined) throw new InvalidArgumentError("Write it as 30m, 72h or 7d.");
  return age;
};

export const kill = verb<KillFlags, [sessions: string[]]>({
  examples: [
    ["skein kill fizz-top lux-mid", "these two"],
    ["skein kill --older-than 72h", "those without any sign of work for three days"],
    ["skein kill --all", "every session"],
  ],
  notes: "The history of a killed session stays in the log; its name is free again.",
  define: (command) =>
    command
      .argument("[ID...]", "sessions' names or ids")
      .option("--all", "every session")
      .option("--older-than <age>", "those idle for longer: 30m, 72h, 7d", parseAge)
      .option("--json", "print the killed sessions, shaped as sessions.list"),
  run: async (cli, { all, olderThan, json }, named) => {
    const ways = [named.length > 0, all === true, olderThan !== undefined];
    if (ways.filter(Boolean).length !== 1)
      throw misused(
        ways.some(Boolean)
          ? "Sessions were chosen in more than one way."
          : "It was not said which sessions to kill.",
        "Give either IDs, or --all, or --older-than AGE.",
      );
    const chosen = named.length > 0 ? [...new Set(named)] : await matching(cli, olderThan);
    if (chosen.length === 0 && json !== true) cli.print("No active sessions");
    return killEach(cli, chosen, json === true);
  },
});

const matching = async (cli: Cli, olderThan: number | undefined): Promise<string[]> => {
  const sessions = await allPages(
    (page) => cli.call("sessions.list", page),
    (page) => page.sessions,
  );
  const before = olderThan === undefined ? Infinity : cli.now() - olderThan;
  return sessions.filter(({ activeAt }) => Date.parse(activeAt) < before).map(({ id }) => id);
};

/** One that cannot be killed does not save the others: it is reported, and the exit code says so. */
const killEach = async (cli: Cli, ids: readonly string[], asJson: boolean): Promise<number> => {
  const killed: Session[] = [];
  let exit: number = EXIT.done;
  for (const id of ids) {
    try {
      const { session } = await withProgress(cli, `killing ${oneLine(id)}`, () =>
        cli.call("sessions.delete", { session: id, clientId: cli.key() }),
      );
      killed.push(session);
      if (!asJson) cli.print(`Killed session ${oneLine(session.name)}`);
    } catch (error) {
      const { failure } = toFailure(error);
      if (ids.length === 1 || failure.exit !== EXIT.refused) throw error;
      exit = failure.exit;
      cli.tell(
        `skein: ${visible(failure.message)} [${failure.code}]\n  ${visible(failure.remedy)}`,
      );
    }
  }
  if (asJson) printJson(cli, { sessions: killed, next: null });
  return exit;
};
