/** The command line: one commander command for each verb, only the asked one with its options and its code. */
import { Command, CommanderError } from "commander";
import type { Cli } from "./cli.ts";
import { EXIT, misused } from "./failure.ts";
import { visible } from "./format/escape.ts";
import { VERBS } from "./verbs.ts";
import type { Verb } from "./verb.ts";

type Written = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
};

/**
 * Runs one command line and resolves with its exit code. Rejects with a Failure; a mistyped command line is one (2).
 * `makeCli` is called only when a verb runs, so that help needs neither a state folder nor a valid environment.
 */
export const runProgram = async (
  words: readonly string[],
  makeCli: () => Cli,
  written: Written,
): Promise<number> => {
  let exit = 0;
  const complaints: string[] = [];
  const program = makeProgram({
    out: written.out,
    err: (text) => complaints.push(text),
  });
  const asked = words[0] === "help" ? words[1] : words[0];
  // Help on what is no verb gets the hint that a mistyped verb gets.
  const line =
    words[0] === "help" && asked !== undefined && !Object.hasOwn(VERBS, asked)
      ? words.slice(1)
      : words;
  // commander forgets which words stood behind it.
  const dashes = words.indexOf("--");
  const behind = dashes < 0 ? [] : words.slice(dashes + 1);
  for (const [name, entry] of Object.entries(VERBS)) {
    const command = program.command(name).summary(entry.summary).helpGroup(`${entry.group}:`);
    if (name !== asked) continue;
    defineVerb(command, entry.summary, await entry.load(), async (verb, flags, given) => {
      const all = { ...(flags as object), behind };
      exit = await verb.run(makeCli(), all as never, ...(given as never[]));
    });
  }
  try {
    await program.parseAsync([...line], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") {
      written.err(complaints.join(""));
      return EXIT.usage;
    }
    throw complaint(complaints.join(""), asked);
  }
  return exit;
};

type RunVerb = (verb: Verb, flags: unknown, words: readonly unknown[]) => Promise<void>;

export const defineVerb = (command: Command, summary: string, verb: Verb, run: RunVerb): void => {
  command.summary(summary).description(`${summary}.`);
  verb.define(command);
  if (verb.below !== undefined) command.helpCommand(false);
  // What stands behind a verb below this one is for that verb, also when both have an option of that name.
  if (verb.alone === true) command.enablePositionalOptions();
  if (verb.below === undefined || verb.alone === true)
    command.action(async (...given: unknown[]) => {
      // commander ends the list with the flags and the command itself
      await run(verb, given.at(-2), given.slice(0, -2));
    });
  for (const [name, each] of Object.entries(verb.below ?? {}))
    defineVerb(command.command(name), each.summary, each, run);
  command.addHelpText("after", () => closing(verb));
};

/** What stands under the options: notes, then examples. */
const closing = ({ notes, examples, below, alone }: Verb): string => {
  const wide = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(([command, says]) =>
    wide > 44 ? `  # ${says}\n  ${command}` : `  ${command.padEnd(wide)}  # ${says}`,
  );
  const said = notes === undefined || (below !== undefined && alone !== true) ? "" : `\n${notes}\n`;
  return `${said}\nExamples:\n${lines.join("\n")}`;
};

export const makeProgram = (written: Written): Command => {
  const program = new Command("skein");
  program
    .description("Starts, watches, steers and governs coding agents on this machine.")
    .usage("VERB [words] [options]")
    .option("--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .configureOutput({
      writeOut: written.out,
      writeErr: written.err,
      outputError: (text, write) => write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .enablePositionalOptions()
    .helpCommand("help [VERB]", "print the help of a verb")
    .addHelpText(
      "after",
      "\nBegin with:\n" +
        "  skein up --detach                start the daemon\n" +
        "  skein create -p .                a session in this folder\n" +
        "  skein ask NAME 'What is this?'   send, wait, print\n" +
        "  skein help create                the help of one verb, with examples\n",
    );
  return program;
};

/** commander's own words, as a sentence with a remedy. */
const complaint = (text: string, asked: string | undefined) => {
  const [first = "", ...more] = text
    .trim()
    .split("\n")
    .map((line) => line.trim());
  const said = first.replace(/^error: /, "");
  const hint = more.find((line) => line.startsWith("(Did you mean"))?.slice(1, -1);
  const isVerb = asked !== undefined && Object.hasOwn(VERBS, asked);
  const see = isVerb ? `See: skein help ${asked}` : "See all verbs with: skein help";
  const sentence = said.charAt(0).toUpperCase() + said.slice(1);
  return misused(
    visible(/[.?!]$/.test(sentence) ? sentence : `${sentence}.`),
    hint === undefined ? see : `${hint} ${see}`,
  );
};
