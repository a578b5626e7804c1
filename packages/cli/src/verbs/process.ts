/** `interrupt`, `stop`, `resume`: what happens to a session's process. */
import type { Output, Session } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { eachSession } from "../fan-out.ts";
import { oneLine } from "../format/escape.ts";
import { withProgress } from "../progress.ts";
import { findLiving, someTarget } from "../targets.ts";
import { verb } from "../verb.ts";

type Flags = { readonly json?: boolean; readonly group?: string };
type InterruptFlags = Flags & { readonly clearQueue?: boolean };

type Deed<View> = {
  readonly label: string;
  readonly act: (session: string) => Promise<View>;
  readonly told: (view: View) => string;
};

/** One session is asked for under the name that was typed; several are all looked up first. */
const perform = async <View>(
  cli: Cli,
  refs: readonly string[],
  { json, group }: Flags,
  { label, act, told }: Deed<View>,
): Promise<number> => {
  someTarget(refs, group);
  const [only] = refs;
  if (only === undefined || refs.length > 1 || group !== undefined)
    return eachSession(cli, {
      sessions: await findLiving(cli, refs, group),
      label,
      act: ({ id }) => act(id),
      told,
      json: json === true,
    });
  const view = await withProgress(cli, label, () => act(only));
  if (json === true) printJson(cli, view);
  else cli.print(told(view));
  return EXIT.done;
};

const interrupted = ({ session, interrupted: did, dropped }: Output<"sessions.interrupt">) => {
  const name = oneLine(session.name);
  const more = dropped === 0 ? "" : `; dropped ${dropped} queued`;
  return did ? `Interrupted ${name}${more}` : `${name} had no turn in progress${more}`;
};

export const interrupt = verb<InterruptFlags, [sessions: string[]]>({
  examples: [
    ["skein interrupt fizz-top", "stop the turn; queued prompts go on"],
    ["skein interrupt fizz-top --clear-queue", "and drop the prompts that wait"],
    ["skein interrupt --group review", "of all in a group"],
  ],
  define: (command) =>
    command
      .argument("[ID...]", "sessions' names or ids")
      .option("--group <name>", "all sessions of a group, beside those named")
      .option("--clear-queue", "drop the prompts that wait, too")
      .option("--json", "print the view (sessions.interrupt); of several, {results, failures}"),
  run: (cli, flags, refs) =>
    perform(cli, refs, flags, {
      label: "interrupting",
      told: interrupted,
      act: (session) =>
        cli.call("sessions.interrupt", {
          session,
          clientId: cli.key(),
          ...(flags.clearQueue === undefined ? {} : { clearQueue: flags.clearQueue }),
        }),
    }),
});

type SessionView = { readonly session: Session };

const nameOf = ({ session }: SessionView): string => oneLine(session.name);

/** What could not be done yet is not said to be. */
const stopped = (view: SessionView): string =>
  view.session.unreachable === null
    ? `Stopped session ${nameOf(view)}`
    : `Session ${nameOf(view)} stops as soon as ${oneLine(view.session.host)} answers`;

export const stop = verb<Flags, [sessions: string[]]>({
  examples: [
    ["skein stop fizz-top", "ends the process; the next send starts it again"],
    ["skein stop --group review", "of all in a group"],
  ],
  define: (command) =>
    command
      .argument("[ID...]", "sessions' names or ids")
      .option("--group <name>", "all sessions of a group, beside those named")
      .option("--json", "print the view (sessions.stop); of several, {results, failures}"),
  run: (cli, flags, refs) =>
    perform(cli, refs, flags, {
      label: "stopping",
      told: stopped,
      act: (session) => cli.call("sessions.stop", { session, clientId: cli.key() }),
    }),
});

export const resume = verb<Flags, [sessions: string[]]>({
  examples: [["skein resume fizz-top", "the same conversation, a new process"]],
  define: (command) =>
    command
      .argument("[ID...]", "sessions' names or ids")
      .option("--group <name>", "all sessions of a group, beside those named")
      .option("--json", "print the view (sessions.resume); of several, {results, failures}"),
  run: (cli, flags, refs) =>
    perform(cli, refs, flags, {
      label: "resuming",
      told: (view: SessionView) => `Resumed session ${nameOf(view)}`,
      act: (session) => cli.call("sessions.resume", { session, clientId: cli.key() }),
    }),
});
