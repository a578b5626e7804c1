/** `skein up`: the daemon in the foreground, or in the background in a session of its own. */
import { InvalidArgumentError } from "commander";
import type { SystemStatus } from "@skein/contract";
import { pause } from "@skein/client/light";
import { printJson, type Cli } from "../cli.ts";
import type { AlreadyRunning, RunningDaemon } from "../daemon-door.ts";
import { EXIT, fail, isFailure, misused, toFailure } from "../failure.ts";
import { backendLines, isUsable } from "../format/backend.ts";
import { oneLine } from "../format/escape.ts";
import { withProgress } from "../progress.ts";
import { startDetached, tellParent, type Ready, type Started } from "../detached.ts";
import { verb } from "../verb.ts";

type Flags = {
  readonly detach?: boolean;
  readonly port?: number;
  readonly json?: boolean;
  readonly readyFd?: number;
};

export const parsePort = (text: string): number => {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError("A port is a whole number from 0 (any free one) to 65535.");
  return port;
};

export const up = verb<Flags, []>({
  examples: [
    ["skein up", "in this terminal; Ctrl-C stops it, agents go on"],
    ["skein up --detach", "in the background; returns when it is ready"],
    ["skein up --port 9000", "on another port"],
  ],
  notes:
    "One daemon runs for each state folder ($SKEIN_HOME, default ~/.skein). When one runs already,\n" +
    "up says which one and exits 0.",
  define: (command) =>
    command
      .option("-d, --detach", "in the background: survives this shell, writes to logs/")
      .option("--port <number>", "port on 127.0.0.1 (default: as configured, else 8765)", parsePort)
      .option("--json", "print the daemon's status (system.status) once it is ready")
      .addOption(command.createOption("--ready-fd <number>").argParser(Number).hideHelp()),
  run: async (cli, flags) => {
    if (cli.place.kind === "url" && cli.place.gateway !== undefined)
      throw misused(
        "This is a sandbox; the daemon runs on its host.",
        "On the host: skein up --detach, and skein gateway install.",
      );
    if (cli.place.kind === "url")
      throw misused(
        "SKEIN_URL points at a daemon elsewhere; up starts one here.",
        "Unset it first: unset SKEIN_URL SKEIN_TOKEN",
      );
    return flags.detach === true ? inBackground(cli, flags) : inForeground(cli, flags);
  },
});

const inForeground = async (cli: Cli, { port, json, readyFd }: Flags): Promise<number> => {
  const daemon = await start(cli, port).catch((error: unknown) => {
    tellParent(readyFd, { failure: toFailure(error).failure });
    throw error;
  });
  if ("alreadyRunning" in daemon) {
    tellParent(readyFd, { alreadyRunning: daemon.alreadyRunning });
    return readyFd === undefined ? sayWhichRuns(cli, daemon, json) : EXIT.done;
  }
  const { address, loginUrl, backends } = daemon;
  if (readyFd !== undefined) tellParent(readyFd, { ready: { address, loginUrl, backends } });
  else if (json === true) printJson(cli, await cli.call("system.status", {}));
  else cli.print(banner(cli, { address, loginUrl, backends }));
  const close = () => void daemon.close();
  if (cli.signal.aborted) close();
  cli.signal.addEventListener("abort", close, { once: true });
  await daemon.stopped;
  return EXIT.done;
};

const start = async (
  cli: Cli,
  port: number | undefined,
): Promise<RunningDaemon | AlreadyRunning> => {
  const { startDaemon } = await cli.loadDaemon();
  return startDaemon({
    home: cli.home,
    version: cli.version,
    env: cli.env,
    ...(port === undefined ? {} : { port }),
  });
};

const inBackground = async (cli: Cli, { port, json }: Flags): Promise<number> => {
  const started: Started = await withProgress(cli, "starting the daemon", () =>
    startDetached(cli, port),
  );
  if ("alreadyRunning" in started) return sayWhichRuns(cli, started, json);
  if (json === true) printJson(cli, await cli.call("system.status", {}));
  else cli.print(banner(cli, started.ready));
  return EXIT.done;
};

const sayWhichRuns = async (
  cli: Cli,
  { alreadyRunning: { pid, address, home } }: AlreadyRunning,
  asJson: boolean | undefined,
): Promise<number> => {
  const status = await withProgress(cli, "another one is starting", () => untilListening(cli));
  if (asJson === true) printJson(cli, status);
  else {
    const where = address ?? status.address;
    const at = where === null ? "" : ` at ${oneLine(where)}`;
    cli.print(`Skein runs already for ${oneLine(home)}: process ${pid || status.pid}${at}`);
  }
  return EXIT.done;
};

const LISTEN_MS = 15_000;
const LOOK_MS = 100;

/** The other one may have the state folder but not listen yet: of twenty started at once, nineteen wait here. */
const untilListening = async (cli: Cli): Promise<SystemStatus> => {
  const until = cli.now() + LISTEN_MS;
  while (true) {
    try {
      return await cli.call("system.status", {}, { timeoutMs: LISTEN_MS });
    } catch (error) {
      if (cli.signal.aborted || !isFailure(error) || error.failure.exit !== EXIT.transport)
        throw error;
      if (cli.now() > until)
        throw fail(
          EXIT.refused,
          "not_ready",
          `Another daemon holds ${cli.home}, but does not answer.`,
          "See what it is with: skein doctor",
        );
    }
    await pause(LOOK_MS, cli.signal);
  }
};

const banner = (cli: Cli, { address, loginUrl, backends }: Ready): string => {
  const { paint } = cli;
  const rows: [string, string][] = [["address", oneLine(address ?? "only the local socket")]];
  if (loginUrl !== null)
    rows.push(["log in", `${oneLine(loginUrl)}  ${paint.dim("(one use, within a minute)")}`]);
  rows.push(["state", oneLine(cli.home)]);
  const [first = paint.yellow("none found"), ...others] = backendLines(backends, paint);
  rows.push(["agents", first], ...others.map((line): [string, string] => ["", line]));
  // What takes a program is always there, and runs nothing by itself.
  const agents = backends.filter(({ takesProgram }) => takesProgram !== true);
  const agent = agents.find(isUsable) ?? agents.find((each) => each.found);
  const create = `${cli.command} create -p . --cli ${oneLine(agent?.id ?? "").replace(/-code$/, "")}`;
  const install = `install an agent, then: ${cli.command} backends --refresh`;
  rows.push(["next", agent === undefined ? install : create]);
  const lines = rows.map(([title, text]) => `  ${paint.dim(title.padEnd(9))}${text}`);
  return [`${paint.bold(`Skein ${oneLine(cli.version)} is ready`)}`, ...lines].join("\n");
};
