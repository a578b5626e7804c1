/** `skein token create | list | revoke`: credentials for programs that do not use the local socket. */
import { InvalidArgumentError } from "commander";
import type { Scope, Token } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { oneLine } from "../format/escape.ts";
import { table, type Column } from "../format/table.ts";
import { clock, parseDuration } from "../format/time.ts";
import { collect, family, verb } from "../verb.ts";

const SCOPES = ["read", "write", "approvals", "admin"];

type CreateFlags = {
  readonly scope?: string[];
  readonly expires?: number;
  readonly own?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
};

const parseScope = (text: string, before: readonly string[] | undefined): string[] => {
  if (!SCOPES.includes(text)) throw new InvalidArgumentError(`Choose of: ${SCOPES.join(", ")}.`);
  return collect(text, before);
};

const parseExpiry = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 1_000) throw new InvalidArgumentError("Write it as 12h or 30d.");
  return ms;
};

const create = verb<CreateFlags, [label: string]>({
  examples: [
    ["skein token create laptop", "may look only"],
    ["skein token create ci --scope write --expires 30d", "may look and act, for a month"],
    ["SKEIN_TOKEN=$(skein token create -q phone --scope approvals)", "the bare secret"],
    ["skein token create sandbox --own --scope write", "sees and touches its own sessions only"],
  ],
  notes:
    "Scopes: read (look), write (read, and act), approvals (decide what agents ask), admin (all).\n" +
    "The secret is shown once and kept as a hash only.",
  define: (command) =>
    command
      .argument("<LABEL>", "who or what uses it; written into what it does")
      .option(
        "--scope <scope>",
        "read, write, approvals, admin; repeatable (default: read)",
        parseScope,
      )
      .option(
        "--expires <time>",
        "how long it is good: 12h, 30d (default: until revoked)",
        parseExpiry,
      )
      .option("--own", "it may touch, and see, only the sessions that were created with it")
      .option("-q, --quiet", "print the bare secret")
      .option("--json", "print the view (tokens.create)"),
  run: async (cli, { scope = ["read"], expires, own, quiet, json }, label) => {
    const view = await cli.call("tokens.create", {
      label,
      scopes: [...new Set(scope)].map((each) => `operator.${each}` as Scope),
      ...(expires === undefined ? {} : { expiresInMs: expires }),
      ...(own === true ? { sessions: "own" as const } : {}),
    });
    if (json === true) printJson(cli, view);
    else if (quiet === true) cli.print(oneLine(view.secret));
    else {
      cli.print(`Created token ${oneLine(view.token.label)} (${view.token.id})`);
      cli.print(`\n  ${oneLine(view.secret)}\n\nIt is shown only this once.`);
    }
    return EXIT.done;
  },
});

const list = verb<{ readonly json?: boolean }, []>({
  examples: [["skein token list", "with what they may do and until when"]],
  define: (command) => command.option("--json", "print the view (tokens.list)"),
  run: async (cli, { json }) => {
    const view = await cli.call("tokens.list", {});
    if (json === true) printJson(cli, view);
    else if (view.tokens.length === 0) cli.print("No tokens");
    else cli.print(table(columns(cli), view.tokens, cli.width).join("\n"));
    return EXIT.done;
  },
});

const columns = (cli: Cli): Column<Token>[] => [
  { title: "LABEL", cell: ({ label }) => oneLine(label) },
  { title: "ID", cell: ({ id }) => id },
  {
    title: "SCOPES",
    cell: ({ scopes }) => scopes.map((each) => each.replace("operator.", "")).join(","),
  },
  { title: "SESSIONS", cell: ({ sessions }) => sessions },
  { title: "CREATED", cell: ({ createdAt }) => clock(createdAt) },
  { title: "STATE", cell: (token) => stateOf(token, cli.now()) },
];

const stateOf = ({ revokedAt, expiresAt }: Token, now: number): string => {
  if (revokedAt !== null) return `revoked ${clock(revokedAt)}`;
  if (expiresAt === null) return "good";
  return `${Date.parse(expiresAt) < now ? "expired" : "good until"} ${clock(expiresAt)}`;
};

const revoke = verb<{ readonly json?: boolean }, [token: string]>({
  examples: [["skein token revoke tok_01k0abcdefghjkmnpqrstvwxyz", "its connections end at once"]],
  define: (command) =>
    command
      .argument("<TOKEN>", "the token's id; see: skein token list")
      .option("--json", "print the view (tokens.revoke)"),
  run: async (cli, { json }, token) => {
    const view = await cli.call("tokens.revoke", { token, clientId: cli.key() });
    if (json === true) printJson(cli, view);
    else cli.print(`Revoked token ${oneLine(view.token.label)}`);
    return EXIT.done;
  },
});

export const token = family({
  create: { ...create, summary: "Create a token and print its secret, once" },
  list: { ...list, summary: "List the tokens, without their secrets" },
  revoke: { ...revoke, summary: "Revoke a token; its connections are closed at once" },
});
