/**
 * A verb: how its command line looks, and what it does. Name, summary and group are in the table (verbs.ts), so that
 * help and completion know all verbs without loading one.
 */
import type { Command } from "commander";
import type { Cli } from "./cli.ts";

type Example = readonly [command: string, says: string];

export type Verb = {
  readonly examples: readonly Example[];
  /** Said under the options in the help: what the exit code means, what a word stands for. */
  readonly notes?: string;
  readonly define: (command: Command) => void;
  /** Resolves with the exit code. Rejects with a Failure. Beside the flags it gets the words `behind` the first `--`, which are among the words, too. */
  readonly run: (cli: Cli, flags: never, ...words: never[]) => Promise<number>;
  /** Verbs below this one: `skein token create`. */
  readonly below?: Readonly<Record<string, Verb & { readonly summary: string }>>;
  /** With verbs below it: it runs by itself, too. */
  readonly alone?: true;
};

/** Ties the flags and words that `define` declares to what `run` receives; the only place that trusts them to agree. */
export const verb = <Flags, Words extends readonly unknown[]>(definition: {
  readonly examples: readonly Example[];
  readonly notes?: string;
  readonly define: (command: Command) => void;
  readonly run: (cli: Cli, flags: Flags, ...words: Words) => Promise<number>;
}): Verb => definition as unknown as Verb;

/** A verb that only has others below it. */
export const family = (below: Verb["below"] & object): Verb => ({
  examples: Object.values(below).flatMap((each) => each.examples),
  define: () => undefined,
  run: () => Promise.resolve(0),
  below,
});

/** For options that may be given several times: `--tag a --tag b`. */
export const collect = (value: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  value,
];
