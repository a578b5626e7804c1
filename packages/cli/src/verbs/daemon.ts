/** `down`, `status`, `login`: the daemon that runs. */
import type { SystemStatus } from "@skein/contract";
import { pause } from "@skein/client/light";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, fail, isFailure } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { awayWords } from "../format/host.ts";
import { paintState, stateWords } from "../format/status.ts";
import { duration, since } from "../format/time.ts";
import { withProgress } from "../progress.ts";
import { reach } from "../reach.ts";
import { makeTransport } from "../transport.ts";
import { verb } from "../verb.ts";

type Flags = { readonly json?: boolean };

/** The daemon gives open requests five seconds; three times that, and it hangs. */
const STOP_MS = 15_000;
const LOOK_MS = 50;
const ANSWER_MS = 1_000;

export const down = verb<Flags, []>({
  examples: [["skein down", "agents in the middle of a turn go on; the next up takes them over"]],
  define: (command) => command.option("--json", 'print {"stopping": true}, or false if none ran'),
  run: async (cli, { json }) => {
    try {
      const { pid } = await cli.call("system.status", {});
      const answer = await cli.call("system.stop", {});
      await withProgress(cli, "stopping the daemon", () => untilGone(cli));
      if (json === true) printJson(cli, answer);
      else cli.print(`Stopped the daemon (process ${pid}); agents go on`);
    } catch (error) {
      if (!isFailure(error) || error.failure.code !== "not_running") throw error;
      if (json === true) printJson(cli, { stopping: false });
      else cli.print(error.failure.message);
    }
    return EXIT.done;
  },
});

/** Until nothing listens any more. */
const untilGone = async (cli: Cli): Promise<void> => {
  const transport = makeTransport(cli.place);
  const until = cli.now() + STOP_MS;
  while (cli.now() < until) {
    const code = await reach(transport, cli.signal, ANSWER_MS);
    if (code === "ENOENT" || code === "ECONNREFUSED") return;
    await pause(LOOK_MS, cli.signal);
  }
  throw fail(
    EXIT.refused,
    "still_running",
    `The daemon was told to stop ${STOP_MS / 1_000} seconds ago and still listens.`,
    "See what holds it with: skein doctor",
  );
};

export const status = verb<Flags, [session: string | undefined]>({
  examples: [
    ["skein status", "address, sessions, health"],
    ["skein status fizz-top", "what one session does, and why"],
  ],
  define: (command) =>
    command
      .argument("[ID]", "a session's name or id; without it, the daemon")
      .option("--json", "print the view (system.status, or sessions.get)"),
  run: async (cli, { json }, session) => {
    if (session !== undefined) {
      const view = await cli.call("sessions.get", { session });
      if (json === true) printJson(cli, view);
      else {
        const { name, status: is } = view.session;
        const words = paintState(cli.paint, is.state, stateWords(view.session));
        const source = cli.paint.dim(`(${is.source}, since ${since(is.since, cli.now())})`);
        const away = awayWords(view.session, cli.now());
        cli.print(`${oneLine(name)}: ${words} - ${oneLine(is.reason)} ${source}`);
        if (away !== null) cli.print(`  ${cli.paint.yellow(away)}`);
      }
      return EXIT.done;
    }
    const view = await cli.call("system.status", {});
    if (json === true) printJson(cli, view);
    else cli.print(statusText(cli, view));
    return EXIT.done;
  },
});

const statusText = (cli: Cli, view: SystemStatus): string => {
  const { paint } = cli;
  const states = Object.entries(view.sessions).filter(([, count]) => count > 0);
  const open = `${view.openApprovals} open`;
  const rows: [string, string][] = [
    ["version", oneLine(view.version)],
    ["process", `${view.pid}, up ${duration(cli.now() - Date.parse(view.startedAt))}`],
    ["address", oneLine(view.address ?? "none")],
    ["socket", oneLine(view.socket)],
    ["state", oneLine(view.home)],
    ["sessions", states.map(([state, count]) => `${count} ${oneLine(state)}`).join(", ") || "none"],
    ["approvals", view.openApprovals > 0 ? paint.yellow(open) : open],
    ["events", `${view.position}, ${view.watchers} watching`],
    ["memory", `${Math.round(view.memoryBytes / 1_048_576)} MB`],
    ...view.health.map(({ part, ok, detail }): [string, string] => [
      oneLine(part),
      `${ok ? paint.green("ok") : paint.red("failed")}${detail === "" ? "" : ` ${oneLine(detail)}`}`,
    ]),
  ];
  const wide = Math.max(...rows.map(([title]) => title.length)) + 2;
  return rows.map(([title, text]) => `${paint.dim(title.padEnd(wide))}${text}`).join("\n");
};

export const login = verb<Flags, []>({
  examples: [["skein login", "open the printed link in a browser within a minute"]],
  define: (command) => command.option("--json", "print the view (system.loginLink)"),
  run: async (cli, { json }) => {
    const view = await cli.call("system.loginLink", {});
    if (json === true) printJson(cli, view);
    else cli.print(oneLine(view.url));
    return EXIT.done;
  },
});
