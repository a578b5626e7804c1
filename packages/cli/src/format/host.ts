/** A host in words: whether it answers, what was found on it, what is missing there and what to do about that. */
import type { Host, HostCheck, Session } from "@skein/contract";
import { oneLine } from "./escape.ts";
import type { Paint } from "./paint.ts";
import { clock, duration, since } from "./time.ts";

type Teller = { readonly paint: Paint; readonly now: () => number };

const GIB = 1024 ** 3;

export const reachWords = ({ state, since: from, refusal }: Host, now: number): string => {
  if (refusal !== null) return `${state}, check failed ${since(refusal.at, now)} ago`;
  return from === null ? state : `${state} for ${since(from, now)}`;
};

export const isWell = ({ state, refusal }: Host): boolean =>
  state === "reachable" && refusal === null;

/** Of a session whose host does not answer; null: it does, as far as is known. */
export const awayWords = ({ host, unreachable }: Session, now: number): string | null =>
  unreachable === null
    ? null
    : `${oneLine(host)} has not answered for ${since(unreachable, now)} (since ${clock(unreachable)})`;

const AWAY = "unreachable: ";

/** The reason of a session's status; of one whose host does not answer with for how long. */
export const reasonWords = ({ status, unreachable }: Session, now: number): string => {
  const reason = oneLine(status.reason);
  if (unreachable === null) return reason;
  const away = `unreachable for ${since(unreachable, now)}`;
  return reason.includes(AWAY) ? reason.replace(AWAY, () => `${away}: `) : `${away}; ${reason}`;
};

const toolWords = (name: string, tool: { found: boolean; version: string | null }): string =>
  tool.found ? `${name}${tool.version === null ? "" : ` ${oneLine(tool.version)}`}` : `no ${name}`;

const skewWords = (ms: number): string =>
  ms === 0 ? "right" : `${duration(Math.abs(ms))} ${ms > 0 ? "ahead" : "behind"}`;

const agentWords = ({ agents }: HostCheck): string =>
  agents.length === 0
    ? "none found"
    : agents
        .map(({ backend, version }) => `${oneLine(backend)} ${oneLine(version ?? "?")}`)
        .join(", ");

const checkRows = (check: HostCheck): [string, string][] => [
  ["system", `${oneLine(check.system)}, ${check.latencyMs} ms away`],
  [
    "tools",
    [
      toolWords("tmux", check.tmux),
      toolWords("git", check.git),
      check.containers.engine === null
        ? "no container engine"
        : toolWords(check.containers.engine, { found: true, version: check.containers.version }),
    ].join(", "),
  ],
  ["agents", agentWords(check)],
  ["clock", skewWords(check.clockSkewMs)],
  ["disk", check.freeBytes === null ? "?" : `${(check.freeBytes / GIB).toFixed(1)} GiB free`],
];

export const hostText = ({ paint, now }: Teller, host: Host): string => {
  const { check } = host;
  const reach = reachWords(host, now());
  const rows: [string, string][] = [
    ["state", isWell(host) ? paint.green(reach) : paint.yellow(reach)],
    ...[host.reason ?? host.refusal?.message ?? null, host.remedy]
      .filter((text) => text !== null)
      .map((text): [string, string] => ["", oneLine(text)]),
    ["folder", oneLine(host.home)],
    ["sessions", String(host.sessions)],
    ...(check === null ? [] : checkRows(check)),
    ...(check === null
      ? []
      : [["checked", `${since(check.checkedAt, now())} ago`] as [string, string]]),
  ];
  const lines = rows.map(([title, text]) => `  ${paint.dim(title.padEnd(10))}${text}`);
  const warnings = (check?.warnings ?? []).flatMap(({ message, remedy }) => [
    `  ${paint.yellow("warning")}   ${oneLine(message)}`,
    `            ${oneLine(remedy)}`,
  ]);
  return [paint.bold(oneLine(host.name)), ...lines, ...warnings].join("\n");
};
