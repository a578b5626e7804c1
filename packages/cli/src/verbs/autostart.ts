/** `skein service` and `skein gateway install|uninstall|status`: what starts at login, by systemd or launchd. */
import { printJson, type Cli } from "../cli.ts";
import { install, status, uninstall } from "../autostart/install.ts";
import { jobOf, type JobKind } from "../autostart/job.ts";
import { makeRunProgram } from "../autostart/program.ts";
import { launchd, systemd, type Supervisor } from "../autostart/supervisor.ts";
import { EXIT, misused } from "../failure.ts";
import { visible } from "../format/escape.ts";
import { reach } from "../reach.ts";
import { readText } from "../stamp.ts";
import { makeTransport } from "../transport.ts";
import { family, verb, type Verb } from "../verb.ts";
import { GATEWAY_PORT } from "../gateway/port.ts";
import { parsePort } from "./up.ts";

type Flags = { readonly port?: number; readonly force?: boolean; readonly json?: boolean };

const LOOK_MS = 2_000;

/** The words with which the job is started. Without a port, the daemon takes that of its configuration. */
const wordsOf = (kind: JobKind, port: number | undefined): string[] => {
  const chosen = port ?? (kind === "gateway" ? GATEWAY_PORT : undefined);
  const words = [kind === "gateway" ? "gateway" : "up"];
  return chosen === undefined ? words : [...words, "--port", String(chosen)];
};

const supervisorOf = (cli: Cli, kind: JobKind, port: number | undefined): Supervisor => {
  if (cli.place.kind === "url")
    throw misused(
      "The environment names a daemon elsewhere; this is about what starts on this machine.",
      "Unset SKEIN_URL, SKEIN_GATEWAY_URL and SKEIN_TOKEN first.",
    );
  const job = jobOf(cli, kind, wordsOf(kind, port));
  const run = makeRunProgram(cli.env, cli.signal);
  return process.platform === "darwin"
    ? launchd(job, cli.env, run, process.getuid?.() ?? 0)
    : systemd(job, cli.env, run);
};

/** As it was installed: a port that was chosen then is found again. */
const asInstalled = (cli: Cli, kind: JobKind): Supervisor => {
  const plain = supervisorOf(cli, kind, undefined);
  const port = portIn(readText(plain.file));
  return port === undefined ? plain : supervisorOf(cli, kind, port);
};

const portIn = (text: string | null): number | undefined => {
  const port = /--port\D{1,40}(\d{1,5})\b/.exec(text ?? "")?.[1];
  return port === undefined ? undefined : Number(port);
};

const answers = async (cli: Cli, kind: JobKind, port: number | undefined): Promise<boolean> => {
  const url = new URL(`http://127.0.0.1:${port ?? GATEWAY_PORT}`);
  const place = kind === "daemon" ? cli.place : { kind: "url" as const, url, token: "none" };
  return (await reach(makeTransport(place), cli.signal, LOOK_MS)) === null;
};

const NAMES = { daemon: "daemon", gateway: "gateway" } as const;

const installVerb = (kind: JobKind): Verb =>
  verb<Flags, []>({
    examples: [[`skein ${verbOf(kind)} install`, `the ${NAMES[kind]} starts when you log in`]],
    notes:
      "Linux: a unit of systemd's user instance. macOS: an agent of launchd. It is started now, again\n" +
      "when it fails, and at each login. Agents are never ended with it. Run it again after an update,\n" +
      "or when PATH has changed. A file that you changed is left alone.",
    define: (command) =>
      command
        .option("--port <number>", "the port it listens on", parsePort)
        .option("--force", "replace a file that was changed, or that skein did not write")
        .option("--json", "print {file, written, started}"),
    run: async (cli, { port, force = false, json }) => {
      const supervisor = supervisorOf(cli, kind, port);
      const isTaken = () => answers(cli, kind, port);
      const done = await install(supervisor, { force, isTaken });
      if (json === true) printJson(cli, done);
      else tellInstalled(cli, kind, supervisor, done);
      return EXIT.done;
    },
  });

const tellInstalled = (
  cli: Cli,
  kind: JobKind,
  { start, look, note, file }: Supervisor,
  { written, started }: { readonly written: boolean; readonly started: boolean },
): void => {
  cli.print(`${written ? "Installed" : "Installed already:"} ${visible(file)}`);
  const down = kind === "daemon" ? `${cli.command} down` : "stop that one";
  if (started) cli.print(`The ${NAMES[kind]} runs. Its output: ${look}`);
  else
    cli.print(
      `A ${NAMES[kind]} runs already, by hand. To have this one instead: ${down}, then: ${start}`,
    );
  if (note !== null) cli.print(note);
};

const uninstallVerb = (kind: JobKind): Verb =>
  verb<Flags, []>({
    examples: [[`skein ${verbOf(kind)} uninstall`, "stops it; agents go on"]],
    define: (command) =>
      command
        .option("--force", "remove a file that was changed, or that skein did not write")
        .option("--json", "print {removed}"),
    run: async (cli, { force = false, json }) => {
      const supervisor = asInstalled(cli, kind);
      const removed = await uninstall(supervisor, force);
      const said = removed ? `Removed ${visible(supervisor.file)}` : "It is not installed";
      if (json === true) printJson(cli, { removed });
      else cli.print(said);
      return EXIT.done;
    },
  });

const FOUND = {
  absent: "no",
  same: "yes",
  older: "yes, by another version or with other choices: install again to renew it",
  changed: "yes, and changed by hand since",
  foreign: "a file of that name, which skein did not write",
} as const;

const statusVerb = (kind: JobKind): Verb =>
  verb<Flags, []>({
    examples: [[`skein ${verbOf(kind)} status`, "whether it is installed, runs and answers"]],
    define: (command) =>
      command.option("--json", "print {file, found, enabled, running, answers, port}"),
    run: async (cli, { json }) => {
      const supervisor = asInstalled(cli, kind);
      const is = await status(supervisor);
      const port = portIn(readText(is.file)) ?? (kind === "gateway" ? GATEWAY_PORT : null);
      const isAnswering = await answers(cli, kind, port ?? undefined);
      if (json === true) {
        printJson(cli, { ...is, answers: isAnswering, port });
        return EXIT.done;
      }
      const yes = (is_: boolean): string => (is_ ? cli.paint.green("yes") : "no");
      const rows: [string, string][] = [
        ["installed", FOUND[is.found]],
        ["file", visible(is.file)],
        ["at login", yes(is.enabled)],
        ["running", yes(is.running)],
        ["answers", `${yes(isAnswering)}${port === null ? "" : ` (port ${port})`}`],
      ];
      for (const [title, text] of rows) cli.print(`${cli.paint.dim(title.padEnd(11))}${text}`);
      return EXIT.done;
    },
  });

const verbOf = (kind: JobKind): string => (kind === "gateway" ? "gateway" : "service");

const verbsFor = (kind: JobKind) => ({
  install: { ...installVerb(kind), summary: `Start the ${NAMES[kind]} at login, and now` },
  uninstall: { ...uninstallVerb(kind), summary: `Do not start the ${NAMES[kind]} at login` },
  status: { ...statusVerb(kind), summary: "Whether it is installed, runs and answers" },
});

export const autostart = family(verbsFor("daemon"));
export const gatewayAutostart = verbsFor("gateway");
