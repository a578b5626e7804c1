/** `--cli 'aider --model x'`: any command line as an agent. */
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import type { Input } from "@skein/contract";
import { backendOf } from "./agent.ts";
import { misused } from "./failure.ts";
import { shellWords } from "./shell-words.ts";

export type ProgramFlags = {
  readonly cli?: string;
  readonly quietMs?: number;
  readonly ready?: string;
  readonly marker?: string;
};

const milliseconds = (text: string): number => {
  const ms = Number(text);
  if (!/^\d+$/.test(text) || ms < 100 || ms > 600_000)
    throw new InvalidArgumentError("A whole number from 100 to 600000.");
  return ms;
};

export const withProgramOptions = (command: Command): Command =>
  command
    .option(
      "--quiet-ms <ms>",
      "with a command line: a turn is over when its screen is quiet so long (default: 2000)",
      milliseconds,
    )
    .option("--ready <pattern>", "and its last line matches this regular expression")
    .option("--marker <text>", "or: as soon as it has shown this text");

type Chosen = Pick<Input<"sessions.create">, "backend" | "program">;

/** A name is a backend; what has blanks or a slash in it, or one of these options beside it, is a command line. */
export const agentOf = ({ cli = "claude", quietMs, ready, marker }: ProgramFlags): Chosen => {
  const isTold = quietMs !== undefined || ready !== undefined || marker !== undefined;
  if (!isTold && !/[\s/'"\\]/.test(cli)) return { backend: backendOf(cli) };
  const argv = [...shellWords(cli)];
  if (argv.length === 0 || argv.includes(""))
    throw misused(
      "The command line of the agent is empty, or a word of it is.",
      "Give --cli 'PROGRAM WORDS'.",
    );
  const program = {
    argv,
    ...(quietMs === undefined ? {} : { quietMs }),
    ...(ready === undefined ? {} : { ready }),
    ...(marker === undefined ? {} : { marker }),
  };
  return { backend: "terminal", program };
};
