/** `skein goal`: what a session works towards by itself. */
import { InvalidArgumentError } from "commander";
import type { Goal, Session } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, misused } from "../failure.ts";
import { oneLine, visible } from "../format/escape.ts";
import { spentWords, turnWords } from "../format/goal.ts";
import { clock, since } from "../format/time.ts";
import { promptOptions, readPrompt, textFor, type PromptFlags } from "../prompt.ts";
import { verb } from "../verb.ts";

type Budget = { readonly tokens?: number; readonly usd?: number };
type Action = "pause" | "resume" | "clear";

type Flags = PromptFlags & {
  readonly budget?: Budget;
  readonly turns?: number;
  readonly pause?: boolean;
  readonly resume?: boolean;
  readonly clear?: boolean;
  readonly clientId?: string;
  readonly json?: boolean;
};

const UNITS: Readonly<Record<string, number>> = { tokens: 1, k: 1_000, m: 1_000_000 };

/** `200k`, `2m` and `900tokens` are tokens, `$5` and `5usd` dollars; given twice, both hold. A bare number could be either. */
const parseBudget = (text: string, before: Budget = {}): Budget => {
  const [, dollars, usd] = /^(?:\$(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)usd)$/i.exec(text) ?? [];
  const amount = Number(dollars ?? usd);
  if (amount > 0) return { ...before, usd: amount };
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(k|m|tokens)$/i.exec(text) ?? [];
  const tokens = Math.round(Number(number) * (UNITS[unit.toLowerCase()] ?? 0));
  if (tokens > 0) return { ...before, tokens };
  throw new InvalidArgumentError(
    "Say of what: tokens as 200k, 2m or 900tokens, dollars as 5usd or '$5' (turns: --turns 5).",
  );
};

const parseTurns = (text: string): number => {
  const turns = Number(text);
  if (!/^\d{1,5}$/.test(text) || turns < 1 || turns > 10_000)
    throw new InvalidArgumentError("A whole number from 1 to 10000.");
  return turns;
};

export const goal = verb<Flags, [session: string, text: string | undefined]>({
  examples: [
    ["skein goal fizz-top 'All tests pass' --budget 5usd", "set it; the agent begins"],
    ["skein goal fizz-top", "how far it has come, what it has cost"],
    ["skein goal fizz-top --pause", "the turn in progress ends, no other begins"],
    ["skein goal fizz-top --resume --budget 10usd", "go on, with more to spend"],
    ["skein wait fizz-top --goal -t 8h", "until it is reached, blocked or spent"],
  ],
  notes:
    "After each turn that is done, the agent is asked to go on, until it says that the goal is reached or\n" +
    "that it needs a person, or until the budget or the turns are spent. Prompts of people go first;\n" +
    "approvals, a login or a limit are waited for. interrupt and stop pause it. The budget is looked at\n" +
    "after each turn: a turn in progress is not cut off. Tokens read from the cache do not count.",
  define: (command) =>
    promptOptions(command)
      .argument("<ID>", "a session's name or id")
      .argument("[TEXT]", "what should be so; - reads standard input")
      .option(
        "--budget <amount>",
        "200k or 2m tokens, 5usd or '$5'; may be given as both",
        parseBudget,
      )
      .option("--turns <number>", "at most so many turns (default: 50)", parseTurns)
      .option("--pause", "go on no further")
      .option("--resume", "go on; with --budget or --turns, with more to spend")
      .option("--clear", "forget it")
      .option("--client-id <key>", "run again with the same key, nothing is done twice")
      .option("--json", "print the view of the session (sessions.get)"),
  run: async (cli, flags, ref, text) => {
    const action = actionOf(flags);
    const isText = text !== undefined || flags.file !== undefined;
    if (action !== undefined && isText)
      throw misused(
        `--${action} takes no text.`,
        "Set another goal without it, and it begins anew.",
      );
    if (action !== undefined) return change(cli, flags, ref, action);
    if (isText) return set(cli, flags, ref, text);
    if (flags.budget !== undefined || flags.turns !== undefined)
      throw misused("It was not said what the budget is for.", "Give TEXT, -f FILE, or --resume.");
    const { session } = await cli.call("sessions.get", { session: ref });
    if (flags.json === true) printJson(cli, { session });
    else cli.print(goalText(cli, session));
    return EXIT.done;
  },
});

/** Throws when more than one was given. */
const actionOf = ({ pause, resume, clear }: Flags): Action | undefined => {
  const given = Object.entries({ pause, resume, clear }).filter(([, is]) => is === true);
  const [first, second] = given as [Action, boolean][];
  if (second !== undefined)
    throw misused("--pause, --resume and --clear exclude each other.", "Choose one.");
  return first?.[0];
};

const limitsOf = ({ budget, turns }: Flags) => ({
  ...(budget === undefined ? {} : { budget }),
  ...(turns === undefined ? {} : { turnLimit: turns }),
});

const set = async (
  cli: Cli,
  flags: Flags,
  ref: string,
  given: string | undefined,
): Promise<number> => {
  const text = await textFor(cli, await readPrompt(cli, given, flags), ref);
  const clientId = flags.clientId ?? cli.key();
  const input = { session: ref, text, clientId, ...limitsOf(flags) };
  return tell(cli, flags, "Set", await cli.call("goals.set", input));
};

const DONE = { pause: "Paused", resume: "Resumed", clear: "Cleared" } as const;

const change = async (cli: Cli, flags: Flags, ref: string, action: Action): Promise<number> => {
  const limits = limitsOf(flags);
  if (action !== "resume" && Object.keys(limits).length > 0)
    throw misused(`--${action} takes no budget.`, "Change it with --resume.");
  const clientId = flags.clientId ?? cli.key();
  const view = await cli.call("goals.change", { session: ref, action, clientId, ...limits });
  return tell(cli, flags, DONE[action], view);
};

const tell = (
  cli: Cli,
  { json }: Flags,
  what: string,
  view: { readonly session: Session },
): number => {
  if (json === true) printJson(cli, view);
  else cli.print(`${what} the goal of ${oneLine(view.session.name)}`);
  return EXIT.done;
};

const goalText = (cli: Cli, { name, goal: own }: Session): string =>
  own === null ? `${oneLine(name)} has no goal` : rows(cli, own).join("\n");

const rows = ({ paint, now }: Cli, own: Goal): string[] =>
  [
    ["goal", visible(own.text).trimEnd().replaceAll("\n", "\n       ")],
    ["state", `${own.state} - ${oneLine(own.reason)} (since ${since(own.since, now())})`],
    ["turns", turnWords(own)],
    ["spent", spentWords(own)],
    ["set", `${clock(own.setAt)} by ${oneLine(own.by)}`],
  ].map(([title = "", text = ""]) => `${paint.dim(title.padEnd(7))}${text}`);
