/** `skein ask`: send, wait, print. What it prints is the answer to this prompt, also when others were queued before it. */
import type { Output, Turn } from "@skein/contract";
import { printJson, type Cli } from "../cli.ts";
import { EXIT, fail } from "../failure.ts";
import { oneLine, visible } from "../format/escape.ts";
import { exitOf, tellOutcome } from "../outcome.ts";
import { promptText } from "../prompt.ts";
import { timeoutOption } from "../timeout.ts";
import { verb } from "../verb.ts";
import { EXIT_NOTES, waitFor } from "./wait.ts";

type Flags = {
  readonly file?: string;
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
    command
      .argument("<ID>", "a session's name or id")
      .argument("[TEXT]", "the prompt; - reads standard input")
      .option("-f, --file <file>", "read the prompt from a file; - reads standard input")
      .addOption(timeoutOption())
      .option("--client-id <key>", "run again with the same key, nothing is sent twice")
      .option("--json", "print sessions.wait and sessions.lastMessage joined"),
  run: async (cli, flags, given, prompted) => {
    const text = await promptText(cli, prompted, flags);
    const clientId = flags.clientId ?? cli.key();
    const sent = await cli.call("sessions.send", { session: given, text, clientId });
    const { id } = sent.session;
    const waited = await waitFor(cli, [id], "all", flags.timeout);
    const turn = await turnOf(cli, id, sent.prompt, waited.sessions[0]?.session.lastTurn ?? null);
    const messages = turn === undefined ? [] : await messagesOf(cli, id, turn);
    if (flags.json === true) printJson(cli, { ...waited, messages });
    else {
      for (const message of messages) cli.print(visible(message.text));
      tellOutcome(cli, waited, flags.timeout);
    }
    if (waited.outcome !== "done") return exitOf(waited.outcome);
    if (turn?.outcome === "completed") return EXIT.done;
    throw notAnswered(sent.session.name, turn);
  },
});

/** The turn of our prompt: nearly always the last one; else it is looked for. */
const turnOf = async (
  cli: Cli,
  session: string,
  prompt: string,
  last: Turn | null,
): Promise<Turn | undefined> => {
  if (last?.prompt === prompt) return last;
  const { turns } = await cli.call("sessions.turns", { session, limit: 100 });
  return turns.find((each) => each.prompt === prompt);
};

/** The last message of the turn, as a list of one or none. */
const messagesOf = async (cli: Cli, session: string, turn: Turn): Promise<Message[]> => {
  const { messages } = await cli.call("sessions.lastMessage", { session, count: 100 });
  return messages
    .filter((each) => each.turn === turn.id)
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .slice(-1);
};

const notAnswered = (name: string, turn: Turn | undefined) => {
  if (turn?.error != null)
    return fail(EXIT.refused, turn.error.kind, turn.error.message, turn.error.remedy);
  const what = turn === undefined ? "was dropped before its turn" : "was interrupted";
  const see = `See what happened with: skein logs ${oneLine(name)}`;
  return fail(EXIT.refused, "interrupted", `The prompt to ${oneLine(name)} ${what}.`, see);
};
