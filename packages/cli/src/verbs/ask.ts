/**
 * `skein ask`: send, wait, print. It waits for the turn of this prompt, prints its answer and ends by its outcome, whatever
 * is queued before and behind it.
 */
import type { Output, Session, Turn } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, fail } from "../failure.ts";
import { oneLine, visible } from "../format/escape.ts";
import { exitOf, tellOutcome } from "../outcome.ts";
import { promptOptions, readPrompt, textFor, type PromptFlags } from "../prompt.ts";
import { timeoutOption } from "../timeout.ts";
import { verb } from "../verb.ts";
import { EXIT_NOTES, waitFor } from "./wait.ts";

type Flags = PromptFlags & {
  readonly timeout: number;
  readonly clientId?: string;
  readonly json?: boolean;
};

type Message = Output<"sessions.lastMessage">["messages"][number];

export const ask = verb<Flags, [session: string, text: string | undefined]>({
  examples: [
    ["skein ask fizz-top 'What does this project do?'", "prints the answer"],
    ["skein ask fizz-top -f review.md -t 30m", "a long one, from a file"],
  ],
  notes: `${EXIT_NOTES}\nAfter 3 or 124 the work goes on: take it up with skein wait and skein last-message.`,
  define: (command) =>
    promptOptions(command)
      .argument("<ID>", "a session's name or id")
      .argument("[TEXT]", "the prompt; - reads standard input")
      .addOption(timeoutOption())
      .option("--client-id <key>", "run again with the same key, nothing is sent twice")
      .option("--json", "print sessions.wait and sessions.lastMessage joined"),
  run: async (cli, flags, given, prompted) => {
    const prompt = await readPrompt(cli, prompted, flags);
    const text = await textFor(cli, prompt, given);
    const clientId = flags.clientId ?? cli.key();
    const sent = await cli.call("sessions.send", { session: given, text, clientId });
    const { id } = sent.session;
    const waited = await waitFor(cli, [id], "all", flags.timeout, { prompt: sent.prompt });
    const { turn, session } = waited.sessions[0] ?? { turn: null, session: sent.session };
    const messages = turn === null ? [] : await messagesOf(cli, id, turn);
    if (flags.json === true) printJson(cli, { ...waited, messages });
    else for (const message of messages) cli.print(visible(message.text));
    if (waited.outcome === "waiting" || waited.outcome === "timeout") {
      if (flags.json !== true) tellOutcome(cli, waited, flags.timeout);
      return exitOf(waited.outcome);
    }
    if (turn?.outcome === "completed") return EXIT.done;
    throw notAnswered(session, turn);
  },
});

/** The last message of the turn, as a list of one or none. */
const messagesOf = async (cli: Cli, session: string, turn: Turn): Promise<Message[]> => {
  const { messages } = await cli.call("sessions.lastMessage", { session, count: 100 });
  return messages
    .filter((each) => each.turn === turn.id)
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .slice(-1);
};

const notAnswered = ({ name, status, deletedAt }: Session, turn: Turn | null) => {
  if (turn?.error != null)
    return fail(EXIT.refused, turn.error.kind, turn.error.message, turn.error.remedy);
  const see = `See what happened with: skein logs ${oneLine(name)}`;
  const isBroken = status.state === "failed" || status.state === "lost";
  if (turn === null && isBroken && deletedAt === null)
    return fail(EXIT.refused, "agent", `${oneLine(name)} failed: ${status.reason}`, see);
  const what = turn === null ? "was dropped before its turn" : "was interrupted";
  return fail(EXIT.refused, "interrupted", `The prompt to ${oneLine(name)} ${what}.`, see);
};
