/** What waiting came to: the words for each outcome, and the exit code that scripts go by. */
import type { Output, Session } from "@skein/contract";
import type { Cli } from "./cli.ts";
import { EXIT } from "./failure.ts";
import { approvalText } from "./format/approval.ts";
import { oneLine, visible } from "./format/escape.ts";
import { duration } from "./format/time.ts";

export type Waited = Output<"sessions.wait">;

export const exitOf = (outcome: Waited["outcome"]): number => {
  switch (outcome) {
    case "done":
      return EXIT.done;
    case "waiting":
      return EXIT.needsPerson;
    case "timeout":
      return EXIT.timeout;
    case "failed":
      return EXIT.refused;
  }
};

/**
 * For people: what was asked goes to stdout, what went wrong to stderr. `done` says nothing here. `goal`: their goals were
 * waited for.
 */
export const tellOutcome = (cli: Cli, waited: Waited, timeoutMs: number, goal = false): void => {
  const { outcome, sessions } = waited;
  for (const { session, outcome: own, approvals } of sessions) {
    const ended = goal ? goalEnd(cli, session) : null;
    if (own === "failed") cli.tell(ended ?? failedText(cli, session));
    if (own !== "waiting") continue;
    if (ended !== null) {
      cli.print(ended);
      continue;
    }
    for (const approval of approvals)
      cli.print(approvalText(cli, approval, approvals.length === 1));
    if (approvals.length === 0) cli.print(waitsText(session));
  }
  if (outcome !== "timeout") return;
  const working = sessions.filter((each) => each.outcome === "working");
  const names = working.map(({ session }) => oneLine(session.name)).join(", ");
  const verb = working.length === 1 ? "is" : "are";
  const reasons = working
    .filter(({ session }) => session.status.reason !== "a turn is running")
    .map(({ session: { name, status } }) => `  ${oneLine(name)}: ${oneLine(status.reason)}\n`);
  const [only] = working.length === 1 ? working : [];
  const id = only === undefined ? "ID" : oneLine(only.session.name);
  cli.tell(
    `skein: ${names} ${verb} still working after ${duration(timeoutMs)}\n${reasons.join("")}` +
      `  Wait longer with -t, or stop the turn with: ${cli.command} interrupt ${id}`,
  );
};

/** How a goal ended other than well; null: it is not over, and what is to be told is the session's. */
const goalEnd = ({ command }: Cli, { name, goal }: Session): string | null => {
  if (goal === null || goal.state === "active" || goal.state === "complete") return null;
  const words = {
    paused: "paused",
    blocked: "blocked",
    budget: "out of budget",
    limit: "out of turns",
  };
  const more = { paused: "", blocked: "", budget: " --budget MORE", limit: " --turns MORE" };
  return (
    `The goal of ${oneLine(name)} is ${words[goal.state]}: ${oneLine(goal.reason)}\n` +
    `  resume  ${command} goal ${oneLine(name)} --resume${more[goal.state]}`
  );
};

/** A wait that nobody can answer through Skein: a limit, a login. */
const waitsText = ({ name, status }: Session): string =>
  `${oneLine(name)} waits (${status.waitingFor ?? "for a person"}): ${oneLine(status.reason)}`;

const failedText = (cli: Cli, { name, status, lastTurn }: Session): string => {
  const error = lastTurn?.outcome === "failed" ? lastTurn.error : null;
  const said = visible(error?.message ?? status.reason);
  const code = error === null ? "" : ` ${cli.paintErrors.dim(`[${error.kind}]`)}`;
  const remedy = error?.remedy ?? `See: ${cli.command} logs ${name}`;
  return `skein: ${oneLine(name)} failed: ${said}${code}\n  ${visible(remedy)}`;
};
