/** `usage` and `backends`. */
import type { Backend, Output } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { backendLine } from "../format/backend.ts";
import { oneLine } from "../format/escape.ts";
import { table, type Column } from "../format/table.ts";
import { costWords, count } from "../format/usage.ts";
import { withProgress } from "../progress.ts";
import { verb } from "../verb.ts";

type Row = Output<"sessions.usage">["sessions"][number];

export const usage = verb<{ readonly json?: boolean }, [session: string | undefined]>({
  examples: [
    ["skein usage", "every session, and the sum"],
    ["skein usage fizz-top", "one session"],
  ],
  notes:
    "Cost: the vendor's own figure where it gives one, else computed from a price table; - if unknown.",
  define: (command) =>
    command
      .argument("[ID]", "a session's name or id; without it, all")
      .option("--json", "print the view (sessions.usage)"),
  run: async (cli, { json }, session) => {
    const view = await cli.call("sessions.usage", session === undefined ? {} : { session });
    if (json === true) printJson(cli, view);
    else if (view.sessions.length === 0) cli.print("No active sessions");
    else {
      const rows = view.sessions.map((each) => ({ ...each, name: oneLine(each.name) }));
      const turns = rows.reduce((sum, each) => sum + each.turns, 0);
      const total = { id: "", name: "total", backend: "", turns, usage: view.total };
      const all = rows.length > 1 ? [...rows, total] : rows;
      cli.print(table(columns, all, cli.width).join("\n"));
    }
    return EXIT.done;
  },
});

const columns: readonly Column<Row>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "AGENT", cell: ({ backend }) => oneLine(backend) },
  { title: "TURNS", cell: ({ turns }) => String(turns) },
  { title: "INPUT", cell: (row) => count(row.usage.inputTokens) },
  { title: "CACHE READ", cell: (row) => count(row.usage.cacheReadTokens) },
  { title: "CACHE WRITE", cell: (row) => count(row.usage.cacheWriteTokens) },
  { title: "OUTPUT", cell: (row) => count(row.usage.outputTokens) },
  { title: "REASONING", cell: (row) => count(row.usage.reasoningTokens) },
  { title: "COST", cell: (row) => costWords(row.usage) },
];

type BackendsFlags = {
  readonly host?: string;
  readonly refresh?: boolean;
  readonly json?: boolean;
};

export const backends = verb<BackendsFlags, []>({
  examples: [
    ["skein backends", "what the daemon found when it started"],
    ["skein backends --refresh", "after installing an agent or logging in"],
    ["skein backends --host cloud", "those of another machine"],
  ],
  define: (command) =>
    command
      .option("--host <name>", "where they would run (default: local)")
      .option("--refresh", "ask every agent again")
      .option("--json", "print the view (backends.list)"),
  run: async (cli, { host, refresh, json }) => {
    const where = host === undefined ? {} : { host };
    const asked = refresh === true ? "backends.refresh" : "backends.list";
    const view = await withProgress(cli, "asking the agents", () => cli.call(asked, where));
    if (json === true) printJson(cli, view);
    else cli.print(view.backends.map((each) => backendText(cli, each)).join("\n\n"));
    return EXIT.done;
  },
});

const backendText = (cli: Cli, backend: Backend): string => {
  const { paint } = cli;
  const lines = [backendLine(backend, paint)];
  if (backend.command !== null) lines.push(`  ${paint.dim("runs")}    ${oneLine(backend.command)}`);
  if (backend.loginDetail !== null)
    lines.push(`  ${paint.dim("login")}   ${oneLine(backend.loginDetail)}`);
  const asked = backend.modelsSource === "asked" ? "" : paint.dim(" (a known list; not asked)");
  if (backend.models.length > 0) lines.push(`  ${paint.dim("models")}${asked}`);
  for (const { id, isDefault, efforts } of backend.models) {
    const levels =
      efforts.length === 0 ? "" : paint.dim(`  effort: ${efforts.map(oneLine).join(", ")}`);
    lines.push(`    ${oneLine(id)}${isDefault ? paint.dim(" (default)") : ""}${levels}`);
  }
  return lines.join("\n");
};
