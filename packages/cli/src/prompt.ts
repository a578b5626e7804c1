/**
 * The text of a prompt: given as a word, or read whole from a file or stdin. Nothing is cut and nothing is trimmed. More
 * than the limit is refused after reading just that much, so that an endless stream cannot fill the memory.
 */
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Session } from "@skein/contract";
import type { Cli } from "./cli.ts";
import { EXIT, fail, misused, type Failure } from "./failure.ts";
import { forAgent } from "./sandbox.ts";
import { checkUsed, fillFor, isTemplate, parseVariables } from "./template.ts";
import { collect } from "./verb.ts";

export type PromptFlags = {
  readonly file?: string;
  readonly var?: string[];
  /** `--no-vars`: the file as it is. */
  readonly vars?: boolean;
};

/** A prompt, and what it is for each session: the variables of a file are filled with that session's own values. */
export type Prompt = {
  /** Whether it differs from session to session; else `of` needs none. */
  readonly isTemplate: boolean;
  /** Throws a Failure when it refers to what nobody set. */
  of(session: Session): string;
  /** As it was given. */
  readonly text: string;
};

/** The options that `send`, `ask` and `goal` share. */
export const promptOptions = (command: Command): Command =>
  command
    .option(
      "-f, --file <file>",
      "read it from a file and fill its {{variables}}; - reads standard input",
    )
    .option("--var <name=value>", "a variable of the file; may be repeated", collect)
    .option("--no-vars", "take the file as it is, {{ and all");

export const readPrompt = async (
  cli: Cli,
  text: string | undefined,
  flags: PromptFlags,
): Promise<Prompt> => {
  if (flags.var !== undefined && (flags.file === undefined || flags.vars === false))
    throw misused("--var is for the variables of a file.", "Give -f FILE, without --no-vars.");
  const variables = parseVariables(flags.var);
  const whole = await promptText(cli, text, flags);
  checkUsed(whole, variables);
  const isFilled = flags.file !== undefined && flags.vars !== false && isTemplate(whole);
  return {
    isTemplate: isFilled,
    of: (session) =>
      isFilled ? fillFor(whole, forAgent(cli.place, session), variables, cli.now()) : whole,
    text: whole,
  };
};

/** Only a template needs to know of the session. */
export const textFor = async (cli: Cli, prompt: Prompt, ref: string): Promise<string> =>
  prompt.isTemplate
    ? prompt.of((await cli.call("sessions.get", { session: ref })).session)
    : prompt.text;

const promptText = async (
  cli: Cli,
  text: string | undefined,
  { file }: PromptFlags,
): Promise<string> => {
  if (text !== undefined && file !== undefined)
    throw misused("The prompt was given twice.", "Give either TEXT or -f FILE.");
  const source = file ?? (text === "-" ? "-" : undefined);
  if (source === "-") return readWhole(cli.stdin, "standard input");
  if (source !== undefined) return readWhole(createReadStream(resolve(cli.cwd, source)), source);
  if (text === undefined)
    throw misused("No prompt was given.", "Give TEXT, -f FILE, or - to read standard input.");
  return text;
};

const readWhole = async (chunks: AsyncIterable<Uint8Array>, from: string): Promise<string> => {
  const { LIMITS } = await import("@skein/contract");
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > LIMITS.promptBytes) throw tooLarge(from);
      parts.push(chunk);
    }
  } catch (error) {
    throw unreadable(error, from);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
  } catch {
    throw fail(
      EXIT.refused,
      "prompt_is_binary",
      `${upper(from)} is not UTF-8 text.`,
      "Convert it first, or tell the agent the path of the file.",
    );
  }
};

const tooLarge = (from: string): Failure =>
  fail(
    EXIT.refused,
    "prompt_too_large",
    `${upper(from)} holds more than 1 MiB, the most that a prompt may have.`,
    "Put it where the agent can read it, and send the path.",
  );

const unreadable = (error: unknown, from: string): unknown => {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const why: Record<string, string> = {
    ENOENT: `There is no file ${from}.`,
    EISDIR: `${from} is a folder.`,
    EACCES: `You may not read ${from}.`,
  };
  const message = why[code];
  return message === undefined
    ? error
    : fail(EXIT.refused, "file_unreadable", message, "Check the path given with -f.");
};

const upper = (text: string): string => (text === "standard input" ? "Standard input" : text);
