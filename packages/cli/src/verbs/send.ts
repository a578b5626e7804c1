/** `skein send`: a prompt is recorded and the command returns; `wait` is what waits. */
import { printJson } from "../cli.ts";
import { EXIT, misused } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { withProgress } from "../progress.ts";
import { promptText } from "../prompt.ts";
import { verb } from "../verb.ts";

type Flags = {
  readonly file?: string;
  readonly steer?: boolean;
  readonly interrupt?: boolean;
  readonly clientId?: string;
  readonly json?: boolean;
};

export const send = verb<Flags, [session: string, text: string | undefined]>({
  examples: [
    [
      "skein send fizz-top 'Run the tests and fix what fails'",
      "queued behind the turn in progress",
    ],
    ["skein send fizz-top -f task.md", "from a file"],
    ["git diff | skein send fizz-top -", "from standard input"],
    ["skein send fizz-top --steer 'Use pnpm'", "into the turn in progress"],
    ["skein send fizz-top --interrupt 'Stop, read the plan'", "stop the turn, then this"],
    ["skein send fizz-top -- '-v means verbose'", "a text that begins with a hyphen"],
  ],
  notes:
    "A prompt may have up to 1 MiB. Once send has returned, it survives a crash of the daemon.",
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .argument("[TEXT]", "the prompt; - reads standard input")
      .option("-f, --file <file>", "read the prompt from a file; - reads standard input")
      .option("--steer", "into the turn in progress, where the agent can")
      .option("--interrupt", "stop the turn in progress first")
      .option("--client-id <key>", "run again with the same key, nothing is sent twice")
      .option("--json", "print the view (sessions.send)"),
  run: async (cli, flags, session, given) => {
    if (flags.steer === true && flags.interrupt === true)
      throw misused("--steer and --interrupt exclude each other.", "Choose one.");
    const text = await promptText(cli, given, flags);
    const how = flags.steer === true ? "steer" : flags.interrupt === true ? "interrupt" : "queue";
    const clientId = flags.clientId ?? cli.key();
    const view = await withProgress(cli, "sending", () =>
      cli.call("sessions.send", { session, text, how, clientId }),
    );
    if (flags.json === true) printJson(cli, view);
    else cli.print(`Sent message to ${oneLine(view.session.name)}`);
    return EXIT.done;
  },
});
