/** What a prompt's file may refer to, and what is said when it refers to something else. */
import type { Session } from "@skein/contract";
import { fillTemplate, hasVariables, isVariableName, variablesIn } from "@skein/contract/light";
import { EXIT, fail, misused, type Failure } from "./failure.ts";

/** What every session has of itself; `date` is today's, in UTC. */
const ownValues = (session: Session, now: number) => ({
  session: session.id,
  name: session.name,
  host: session.host,
  workspace: session.folder,
  date: new Date(now).toISOString().slice(0, 10),
});

const OWN = ["session", "name", "host", "workspace", "date"];

/** `--var name=value`, several times. Throws when one makes no sense, or takes the name of one that Skein sets, or of another. */
export const parseVariables = (given: readonly string[] = []): Readonly<Record<string, string>> => {
  const values: Record<string, string> = {};
  for (const each of given) {
    const at = each.indexOf("=");
    const name = each.slice(0, Math.max(at, 0));
    if (!isVariableName(name))
      throw misused(
        `--var ${each} is no NAME=VALUE.`,
        "A name has letters, digits, _ and -, and begins with a letter: --var ticket=4711",
      );
    if (OWN.includes(name))
      throw misused(`{{${name}}} is set by Skein.`, "Choose another name for --var.");
    if (Object.hasOwn(values, name))
      throw misused(`--var ${name} is given more than once.`, "Say each once.");
    values[name] = each.slice(at + 1);
  }
  return values;
};

/** Throws when a variable is given that the text does not refer to: it was misspelt, here or there. */
export const checkUsed = (template: string, variables: Readonly<Record<string, string>>): void => {
  const names = variablesIn(template);
  const unused = Object.keys(variables).filter((name) => !names.includes(name));
  if (unused.length === 0) return;
  const has = names.map((name) => `{{${name}}}`).join(", ");
  throw misused(
    `The file does not refer to ${unused.map((name) => `{{${name}}}`).join(", ")}.`,
    has === "" ? "It has no variables: leave --var out." : `It refers to ${has}.`,
  );
};

/** Whether a text has to be filled at all; most have not. */
export const isTemplate = hasVariables;

/** Throws a Failure that names every variable that is not known. */
export const fillFor = (
  template: string,
  session: Session,
  variables: Readonly<Record<string, string>>,
  now: number,
): string => {
  const filled = fillTemplate(template, { ...ownValues(session, now), ...variables });
  if (filled.ok) return filled.text;
  const words = filled.unknown.map(({ written, meant }) =>
    meant === null ? written : `${written} (did you mean {{${meant}}}?)`,
  );
  throw unknownVariables(words, [...OWN, ...Object.keys(variables)]);
};

const unknownVariables = (words: readonly string[], known: readonly string[]): Failure =>
  fail(
    EXIT.refused,
    "template_unknown",
    `The file refers to what nobody set: ${words.join(", ")}.`,
    `Known are ${known.join(", ")}. Set others with --var NAME=VALUE, write \\{{ for a literal {{, or send the file as it is with --no-vars.`,
  );
