/** `interrupt`, `stop`, `resume`: what happens to a session's process. */
import { printJson } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { withProgress } from "../progress.ts";
import { verb } from "../verb.ts";

type Flags = { readonly json?: boolean };
type InterruptFlags = Flags & { readonly clearQueue?: boolean };

export const interrupt = verb<InterruptFlags, [session: string]>({
  examples: [
    ["skein interrupt fizz-top", "stop the turn; queued prompts go on"],
    ["skein interrupt fizz-top --clear-queue", "and drop the prompts that wait"],
  ],
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .option("--clear-queue", "drop the prompts that wait, too")
      .option("--json", "print the view (sessions.interrupt)"),
  run: async (cli, { clearQueue, json }, session) => {
    const view = await withProgress(cli, "interrupting", () =>
      cli.call("sessions.interrupt", {
        session,
        clientId: cli.key(),
        ...(clearQueue === undefined ? {} : { clearQueue }),
      }),
    );
    const name = oneLine(view.session.name);
    const dropped = view.dropped === 0 ? "" : `; dropped ${view.dropped} queued`;
    if (json === true) printJson(cli, view);
    else
      cli.print(
        view.interrupted
          ? `Interrupted ${name}${dropped}`
          : `${name} had no turn in progress${dropped}`,
      );
    return EXIT.done;
  },
});

export const stop = verb<Flags, [session: string]>({
  examples: [["skein stop fizz-top", "ends the process; the next send starts it again"]],
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .option("--json", "print the view (sessions.stop)"),
  run: async (cli, { json }, session) => {
    const view = await withProgress(cli, "stopping", () =>
      cli.call("sessions.stop", { session, clientId: cli.key() }),
    );
    if (json === true) printJson(cli, view);
    else cli.print(`Stopped session ${oneLine(view.session.name)}`);
    return EXIT.done;
  },
});

export const resume = verb<Flags, [session: string]>({
  examples: [["skein resume fizz-top", "the same conversation, a new process"]],
  define: (command) =>
    command
      .argument("<ID>", "a session's name or id")
      .option("--json", "print the view (sessions.resume)"),
  run: async (cli, { json }, session) => {
    const view = await withProgress(cli, "resuming", () =>
      cli.call("sessions.resume", { session, clientId: cli.key() }),
    );
    if (json === true) printJson(cli, view);
    else cli.print(`Resumed session ${oneLine(view.session.name)}`);
    return EXIT.done;
  },
});
