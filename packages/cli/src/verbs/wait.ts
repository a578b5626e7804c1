/** `skein wait`: blocks until something is worth looking at, and says what by its exit code. */
import type { Input } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, fail, misused } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { exitOf, tellOutcome, type Waited } from "../outcome.ts";
import { withProgress } from "../progress.ts";
import { someTarget } from "../targets.ts";
import { timeoutOption } from "../timeout.ts";
import { verb } from "../verb.ts";

type Flags = {
  readonly any?: boolean;
  readonly all?: boolean;
  readonly group?: string;
  readonly goal?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
};

export const EXIT_NOTES =
  "Exit code: 0 the work is done; 3 someone has to decide (what is asked is printed, with the command\n" +
  "that answers it); 124 time over; 1 a turn or an agent failed; 255 the daemon could not be reached.";

export const wait = verb<Flags, [sessions: string[]]>({
  examples: [
    ["skein wait fizz-top", "up to five minutes"],
    ["skein wait fizz-top lux-mid --any -t 1h", "until the first of them has something"],
    ["skein wait --group review", "all of a group"],
    ["skein wait fizz-top --goal -t 8h", "until its goal is reached, blocked or spent"],
    ["skein wait fizz-top -t 0", "ask only; 124 when it is still working"],
  ],
  notes: EXIT_NOTES,
  define: (command) =>
    command
      .argument("[ID...]", "sessions' names or ids")
      .option("--group <name>", "all sessions that are in this group now, beside those named")
      .option("--any", "until the first one is done or needs someone")
      .option("--all", "until all are done, or one needs someone (default)")
      .option("--goal", "for their goals: 0 reached, 3 blocked or paused, 1 spent or failed")
      .addOption(timeoutOption())
      .option("--json", "print the view (sessions.wait)"),
  run: async (cli, { any, all, group, goal, timeout, json }, ids) => {
    someTarget(ids, group);
    if (any === true && all === true)
      throw misused("--any and --all exclude each other.", "Choose one.");
    if (ids.includes(""))
      throw fail(
        EXIT.refused,
        "invalid_input",
        "The session is missing.",
        "Give a session's name or id.",
      );
    const sessions = [...new Set(ids)];
    const question = {
      ...(group === undefined ? {} : { group }),
      ...(goal === undefined ? {} : { goal }),
    };
    const until = any === true ? "any" : "all";
    const waited = await waitFor(cli, sessions, until, timeout, question);
    if (json === true) printJson(cli, waited);
    else {
      for (const each of waited.sessions)
        if (each.outcome === "done")
          cli.print(
            waited.sessions.length === 1 ? "completed" : `${oneLine(each.session.name)} completed`,
          );
      tellOutcome(cli, waited, timeout, goal === true);
    }
    return exitOf(waited.outcome);
  },
});

/** The limit is the daemon's to keep; one that is so late does not. */
const LATE_MS = 15_000;

export const waitFor = (
  cli: Cli,
  sessions: readonly string[],
  until: "any" | "all",
  timeoutMs: number,
  question: Pick<Input<"sessions.wait">, "group" | "goal" | "prompt"> = {},
): Promise<Waited> =>
  withProgress(cli, `waiting for ${waitedFor(sessions, question.group)}`, () =>
    cli.call(
      "sessions.wait",
      { sessions: [...sessions], until, timeoutMs, ...question },
      { timeoutMs: timeoutMs + LATE_MS },
    ),
  );

const waitedFor = (sessions: readonly string[], group: string | undefined): string =>
  [...sessions, ...(group === undefined ? [] : [`the group ${group}`])].map(oneLine).join(", ");
