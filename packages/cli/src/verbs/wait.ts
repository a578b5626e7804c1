/** `skein wait`: blocks until something is worth looking at, and says what by its exit code. */
import { printJson, type Cli } from "../cli.ts";
import { EXIT, fail, misused } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { exitOf, tellOutcome, type Waited } from "../outcome.ts";
import { withProgress } from "../progress.ts";
import { timeoutOption } from "../timeout.ts";
import { verb } from "../verb.ts";

type Flags = {
  readonly any?: boolean;
  readonly all?: boolean;
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
    ["skein wait fizz-top -t 0", "ask only; 124 when it is still working"],
  ],
  notes: EXIT_NOTES,
  define: (command) =>
    command
      .argument("<ID...>", "sessions' names or ids")
      .option("--any", "until the first one is done or needs someone")
      .option("--all", "until all are done, or one needs someone (default)")
      .addOption(timeoutOption())
      .option("--json", "print the view (sessions.wait)"),
  run: async (cli, { any, all, timeout, json }, ids) => {
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
    const waited = await waitFor(cli, sessions, any === true ? "any" : "all", timeout);
    if (json === true) printJson(cli, waited);
    else {
      for (const each of waited.sessions)
        if (each.outcome === "done")
          cli.print(
            sessions.length === 1 ? "completed" : `${oneLine(each.session.name)} completed`,
          );
      tellOutcome(cli, waited, timeout);
    }
    return exitOf(waited.outcome);
  },
});

export const waitFor = (
  cli: Cli,
  sessions: readonly string[],
  until: "any" | "all",
  timeoutMs: number,
  prompt?: string,
): Promise<Waited> =>
  withProgress(cli, `waiting for ${sessions.map(oneLine).join(", ")}`, () =>
    cli.call("sessions.wait", {
      sessions: [...sessions],
      until,
      timeoutMs,
      ...(prompt === undefined ? {} : { prompt }),
    }),
  );
