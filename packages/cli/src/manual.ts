/** The text of docs/cli.md, made of the verbs' own help, so that the page cannot say what the program does not. */
import { defineVerb, makeProgram } from "./program.ts";
import { VERBS, type Entry } from "./verbs.ts";
import type { Verb } from "./verb.ts";

const WIDTH = 96;

const PREAMBLE = `# The command line

Every verb of \`skein\`, as \`skein help VERB\` prints it. This page is made of the program's own help
(\`node packages/cli/src/write.ts\`); a test fails when they differ.

- **ID** is a session's name (\`fizz-top\`) or its id (\`ses_...\`).
- **Errors** go to stderr: one sentence, its code in brackets, one line that says what to do.
- **\`--json\`** prints the contract's view on stdout and nothing else; see [scripting](scripting.md) for the shapes.
- **Exit codes**: 0 done, 1 refused or failed, 2 mistyped, 3 someone has to decide (\`wait\`, \`ask\`), 124 time over,
  130 interrupted, 255 the daemon could not be reached.
- **Colours** only on a terminal, and never with \`NO_COLOR\`. What agents said is shown, never obeyed: control
  characters are written out (ESC as \`\\x1b\`).

| environment | means |
| --- | --- |
| \`SKEIN_HOME\` | the state folder; default \`~/.skein\` |
| \`SKEIN_URL\`, \`SKEIN_TOKEN\` | a daemon elsewhere, by http; without an address the local socket is used, with the token's rights if one is set |
| \`IS_SANDBOX=1\`, \`SKEIN_GATEWAY_URL\`, \`SKEIN_TOKEN\`, \`HOST_PATH\` | inside a sandbox: the gateway of its host; see [sandbox](sandbox.md) |
| \`NO_COLOR\` | no colours |
`;

export const manual = async (): Promise<string> => {
  const sections: string[] = [];
  let group: Entry["group"] | undefined;
  for (const [name, entry] of Object.entries(VERBS)) {
    if (entry.group !== group) sections.push(`## ${entry.group}\n`);
    group = entry.group;
    const verb = await entry.load();
    sections.push(section("##", [name], entry.summary, verb));
    for (const [below, each] of Object.entries(verb.below ?? {}))
      sections.push(section("###", [name, below], each.summary, verb));
  }
  return `${PREAMBLE}\n${sections.join("\n")}`;
};

const section = (level: string, words: readonly string[], summary: string, verb: Verb): string => {
  const [name = "", ...below] = words;
  const text: string[] = [];
  const program = makeProgram({ out: (part) => text.push(part), err: (part) => text.push(part) });
  program.configureOutput({ getOutHelpWidth: () => WIDTH });
  const top = program.command(name);
  defineVerb(top, VERBS[name]?.summary ?? summary, verb, () => Promise.resolve());
  const command = below.reduce(
    (found, word) => found.commands.find((each) => each.name() === word) ?? found,
    top,
  );
  command.configureOutput({ getOutHelpWidth: () => WIDTH }).outputHelp();
  const help = text.join("").trim();
  return `${level}# ${words.join(" ")}\n\n\`\`\`text\n${help}\n\`\`\`\n`;
};
