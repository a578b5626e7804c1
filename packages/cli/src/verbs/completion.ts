/** `skein completion`: prints a script; installs nothing. */
import { Command } from "commander";
import { EXIT, misused } from "../failure.ts";
import { scriptFor, SHELLS, type Completable, type Shell } from "../completion-scripts.ts";
import { verb, type Verb } from "../verb.ts";

/** The table of verbs is handed over: it names this file. */
type Verbs = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Verb> }>
>;

export const makeCompletion = (all: Verbs): Verb =>
  verb<object, [shell: string]>({
    examples: [
      ["source <(skein completion bash)", "in ~/.bashrc"],
      ['skein completion zsh > "${fpath[1]}/_skein"', "once"],
      ["skein completion fish > ~/.config/fish/completions/skein.fish", "once"],
    ],
    define: (command) => command.argument("<shell>", "bash, zsh or fish"),
    run: async (cli, _flags, shell) => {
      if (!SHELLS.includes(shell as Shell))
        throw misused(`There is no completion for '${shell}'.`, "Choose bash, zsh or fish.");
      const verbs = await Promise.all(
        Object.entries(all).map(async ([name, entry]) =>
          completable(name, entry.summary, await entry.load()),
        ),
      );
      cli.print(scriptFor(shell as Shell, verbs).trimEnd());
      return EXIT.done;
    },
  });

const completable = (name: string, summary: string, definition: Verb): Completable => {
  const command = new Command(name);
  definition.define(command);
  return {
    name,
    summary,
    flags: command.options
      .filter(({ hidden }) => !hidden)
      .flatMap(({ long, short, description }) =>
        [long, short].flatMap((flag) => (flag == null ? [] : [{ flag, says: description }])),
      ),
    takesSessions: command.registeredArguments.some((each) => /(^|\|)ID$/.test(each.name())),
    below: Object.keys(definition.below ?? {}),
  };
};
