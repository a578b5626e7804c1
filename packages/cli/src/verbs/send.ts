/** `skein send`: a prompt is recorded and the command returns; `wait` is what waits. */
import type { Session } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, misused } from "../failure.ts";
import { eachSession, keyOf } from "../fan-out.ts";
import { oneLine } from "../format/escape.ts";
import { withProgress } from "../progress.ts";
import { promptOptions, readPrompt, textFor, type Prompt, type PromptFlags } from "../prompt.ts";
import { findLiving } from "../targets.ts";
import { verb } from "../verb.ts";

type Flags = PromptFlags & {
  readonly group?: string;
  readonly steer?: boolean;
  readonly interrupt?: boolean;
  readonly clientId?: string;
  readonly json?: boolean;
};

export const send = verb<Flags, [words: string[]]>({
  examples: [
    [
      "skein send fizz-top 'Run the tests and fix what fails'",
      "queued behind the turn in progress",
    ],
    ["skein send fizz-top lux-mid 'Pull main first'", "to each of them"],
    ["skein send --group review 'Pull main first'", "to all of a group"],
    [
      "skein send fizz-top -f task.md --var ticket=4711",
      "a file with {{ticket}} and {{workspace}}",
    ],
    ["git diff | skein send fizz-top -", "from standard input, as it is"],
    ["skein send fizz-top --steer 'Use pnpm'", "into the turn in progress"],
    ["skein send fizz-top --interrupt 'Stop, read the plan'", "stop the turn, then this"],
    ["skein send fizz-top -- '-v means verbose'", "a text that begins with a hyphen"],
  ],
  notes:
    "The last word is the prompt, those before it are sessions; with -f all words are sessions.\n" +
    "A prompt may have up to 1 MiB. Once send has returned, it survives a crash of the daemon.\n" +
    "A file may hold {{session}} (the id), {{name}}, {{host}}, {{workspace}} (the folder), {{date}} and\n" +
    "what --var sets; \\{{ is a literal {{. What nobody set is refused, and nothing is sent.",
  define: (command) =>
    promptOptions(command)
      .usage("[options] ID... TEXT")
      .argument("[ID...]", "sessions' names or ids, then the prompt; - reads standard input")
      .option("--group <name>", "all sessions of a group, beside those named")
      .option("--steer", "into the turn in progress, where the agent can")
      .option("--interrupt", "stop the turn in progress first")
      .option("--client-id <key>", "run again with the same key, nothing is sent twice")
      .option("--json", "print the view (sessions.send); of several, {results, failures}"),
  run: async (cli, flags, words) => {
    if (flags.steer === true && flags.interrupt === true)
      throw misused("--steer and --interrupt exclude each other.", "Choose one.");
    const { refs, text } = partsOf(words, flags);
    const prompt = await readPrompt(cli, text, flags);
    const [only] = refs;
    if (only !== undefined && refs.length === 1 && flags.group === undefined)
      return sendToOne(cli, flags, only, prompt);
    return sendToEach(cli, flags, await findLiving(cli, refs, flags.group), prompt);
  },
});

/** What no session is called, or has as its id. */
const isNoReference = (word: string): boolean => !/^[\w-]*$/.test(word);

/** Throws when the words do not say whom, or what. */
const partsOf = (
  words: readonly string[],
  { file, group }: Flags,
): { refs: readonly string[]; text: string | undefined } => {
  const isNobody = words.length === 0 && group === undefined;
  if (isNobody) throw misused("Missing required argument 'ID'.", "See: skein help send");
  if (file !== undefined) {
    if (words.some(isNoReference))
      throw misused("The prompt was given twice.", "Give either TEXT or -f FILE.");
    return { refs: words, text: undefined };
  }
  const isText = group !== undefined || words.length > 1;
  return isText
    ? { refs: words.slice(0, -1), text: words.at(-1) }
    : { refs: words, text: undefined };
};

const howOf = ({ steer, interrupt }: Flags): "steer" | "interrupt" | "queue" =>
  steer === true ? "steer" : interrupt === true ? "interrupt" : "queue";

const told = ({ session }: { readonly session: Session }): string =>
  `Sent message to ${oneLine(session.name)}`;

const sendToOne = async (
  cli: Cli,
  flags: Flags,
  session: string,
  prompt: Prompt,
): Promise<number> => {
  const text = await textFor(cli, prompt, session);
  const clientId = flags.clientId ?? cli.key();
  const view = await withProgress(cli, "sending", () =>
    cli.call("sessions.send", { session, text, how: howOf(flags), clientId }),
  );
  if (flags.json === true) printJson(cli, view);
  else cli.print(told(view));
  return EXIT.done;
};

const sendToEach = (
  cli: Cli,
  flags: Flags,
  sessions: readonly Session[],
  prompt: Prompt,
): Promise<number> => {
  // Every text before the first is sent: one that cannot be filled keeps all of them back.
  const texts = new Map(sessions.map((each) => [each.id, prompt.of(each)]));
  const key = flags.clientId ?? cli.key();
  return eachSession(cli, {
    sessions,
    label: "sending to",
    json: flags.json === true,
    told,
    act: (each) =>
      cli.call("sessions.send", {
        session: each.id,
        text: texts.get(each.id) ?? "",
        how: howOf(flags),
        clientId: keyOf(key, each),
      }),
  });
};
