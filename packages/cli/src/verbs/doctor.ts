/** `skein doctor`: looks at everything, changes nothing. Works without a daemon. */
import { userInfo } from "node:os";
import type { Session } from "@skein/contract";
import { allPages } from "@skein/client/light";
import { asTyped } from "../as-typed.ts";
import { printJson, type Cli } from "../cli.ts";
import { agentsHere, agentsOf } from "../doctor/agents.ts";
import { checkDaemon } from "../doctor/daemon.ts";
import { checkDatabase } from "../doctor/database.ts";
import { broken, type Finding } from "../doctor/finding.ts";
import { checkConfig, checkHome, checkSocketFile } from "../doctor/home.ts";
import { checkLeftovers } from "../doctor/leftovers.ts";
import { lockHolder } from "../doctor/lock.ts";
import { checkSandbox } from "../doctor/sandbox.ts";
import { checkDisk, checkNode, checkTool } from "../doctor/machine.ts";
import { EXIT } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { withProgress } from "../progress.ts";
import { makeTransport } from "../transport.ts";
import { verb } from "../verb.ts";

export const doctor = verb<{ readonly json?: boolean }, []>({
  examples: [
    ["skein doctor", "each finding with the command that repairs it"],
    ["skein doctor --json | jq '.findings[] | select(.level != \"ok\")'", "for programs"],
  ],
  notes: "Exit code: 0 when nothing is broken (warnings are no failure), 1 when something is.",
  define: (command) =>
    command.option("--json", 'print {"findings": [{"part", "level", "detail", "fix"}]}'),
  run: async (cli, { json }) => {
    const findings = await withProgress(cli, "looking around", () => examine(cli));
    if (json === true) printJson(cli, { findings });
    else cli.print(findings.map((each) => findingText(cli, each)).join("\n"));
    return findings.some(({ level }) => level === "fail") ? EXIT.refused : EXIT.done;
  },
});

const findingText = (cli: Cli, { part, level, detail, fix }: Finding): string => {
  const { paint } = cli;
  const mark = {
    ok: paint.green("ok  "),
    warn: paint.yellow("warn"),
    fail: paint.red("fail"),
  }[level];
  const line = `${mark}  ${paint.bold(oneLine(part))}: ${oneLine(detail)}`;
  if (fix === null) return line;
  return `${line}\n      ${paint.dim("fix:")} ${oneLine(asTyped(fix, cli.command))}`;
};

const examine = async (cli: Cli): Promise<Finding[]> => {
  const { uid } = userInfo();
  const { place } = cli;
  const transport = makeTransport(place);
  if (place.kind === "url" && place.gateway !== undefined) {
    const { url, gateway } = place;
    return guarded("gateway", () => checkSandbox(cli, transport, { url, gateway }));
  }
  const here = [
    guarded("node", async () => checkNode(process.versions.node)),
    guarded("git", () => checkTool("git", "--version", cli.env, uid === 0)),
    guarded("tmux", () => checkTool("tmux", "-V", cli.env, uid === 0)),
    guarded("disk", () => checkDisk(cli.home)),
    guarded("state folder", () => checkHome(cli.home, uid)),
    guarded("socket", () => checkSocketFile(cli.home, uid)),
    guarded("configuration", () => checkConfig(cli.home, cli.loadDaemon)),
  ];
  let answers = false;
  const daemon = await guarded("daemon", async () => {
    const state = await checkDaemon(cli, transport, () => lockHolder(cli.home));
    answers = state.answers;
    return state.finding;
  });
  const isFree = !answers && place.kind === "socket" && (await lockHolder(cli.home)) === null;
  const database = isFree
    ? await guarded("database", () => checkDatabase(cli.home, cli.loadDaemon, cli.signal))
    : [];
  const agents = await guarded("agents", async () =>
    answers
      ? agentsOf((await cli.call("backends.list", {}, ASKED)).backends)
      : agentsHere(cli.env, (await cli.loadDaemon()).namedAgents?.(cli.home) ?? {}),
  );
  const leftovers = await guarded("leftovers", async () =>
    checkLeftovers(cli.home, answers ? () => sessionsOf(cli) : null),
  );
  return [...(await Promise.all(here)).flat(), ...database, ...daemon, ...agents, ...leftovers];
};

/** The agents may be asked anew, which takes a CLI some seconds. */
const ASKED = { timeoutMs: 30_000 };

/** A check that breaks is a finding too; the others go on. */
const guarded = async (
  part: string,
  check: () => Promise<Finding | readonly Finding[] | null>,
): Promise<Finding[]> => {
  try {
    const found = await check();
    if (found === null) return [];
    return Array.isArray(found) ? [...(found as readonly Finding[])] : [found as Finding];
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return [broken(part, `could not be checked: ${words}`, "report this sentence")];
  }
};

const sessionsOf = (cli: Cli): Promise<Session[]> =>
  allPages(
    (page) => cli.call("sessions.list", page),
    (page) => page.sessions,
  );
