/**
 * The script words: what a prompt can ask of the fake LLM, as data.
 *
 * Each line of a prompt that holds a word in capitals is one step; the first word of a line wins and takes the rest
 * of the line. `say PONG` is a step, `Please RUN ls -l` is one too. Steps that call a tool are done one after the
 * other, each when the result of the one before has come back; any other step ends the turn.
 * Parsing never throws: a word with bad arguments becomes `unclear`, which is answered with the right usage.
 */
export type Step =
  | { readonly word: "PONG" }
  | { readonly word: "SAY"; readonly text: string }
  | { readonly word: "THINK"; readonly text: string }
  | { readonly word: "COUNT" }
  | { readonly word: "ECHO" }
  | { readonly word: "WRITE"; readonly path: string; readonly text: string }
  | { readonly word: "EDIT"; readonly path: string; readonly old: string; readonly new: string }
  | { readonly word: "RUN"; readonly command: string }
  | {
      readonly word: "TOOL";
      readonly name: string;
      readonly input: Readonly<Record<string, unknown>>;
    }
  | { readonly word: "ASK"; readonly question: string; readonly options: readonly string[] }
  | { readonly word: "SLOW"; readonly seconds: number; readonly file?: string }
  | { readonly word: "SILENT"; readonly seconds: number }
  | { readonly word: "FAIL"; readonly status: number; readonly text: string }
  | { readonly word: "FAILONCE"; readonly status: number; readonly text: string }
  | { readonly word: "CUT" }
  | { readonly word: "TRUNCATE"; readonly text: string }
  | { readonly word: "unclear"; readonly usage: string };

export type ScriptWord = Exclude<Step["word"], "unclear">;

/** One line of help for each word; also what the fake LLM answers to a prompt without any. */
export const scriptUsage: Readonly<Record<ScriptWord, string>> = {
  PONG: "PONG",
  SAY: "SAY text",
  THINK: "THINK text",
  COUNT: "COUNT",
  ECHO: "ECHO",
  WRITE: "WRITE path text",
  EDIT: "EDIT path old new",
  RUN: "RUN command",
  TOOL: "TOOL name {json}",
  ASK: "ASK question|option 1|option 2",
  SLOW: "SLOW seconds [file that ends it]",
  SILENT: "SILENT seconds",
  FAIL: "FAIL status [text]",
  FAILONCE: "FAILONCE status [text]",
  CUT: "CUT",
  TRUNCATE: "TRUNCATE [text]",
};

const words = Object.keys(scriptUsage) as ScriptWord[];
const wordInLine = new RegExp(`(?<![\\w-])(${words.join("|")})(?![\\w-])[ \\t]?(.*)$`);
const maxSteps = 50;
const maxSeconds = 3600;

/** The steps of a prompt in the order of its lines; empty when no line holds a word. At most 50. */
export function parseScript(prompt: string): readonly Step[] {
  const steps: Step[] = [];
  for (const line of prompt.split(/\r?\n/)) {
    const found = wordInLine.exec(line);
    if (!found) continue;
    const word = found[1] as ScriptWord;
    steps.push(parseStep(word, found[2] ?? "") ?? { word: "unclear", usage: scriptUsage[word] });
    if (steps.length === maxSteps) break;
  }
  return steps;
}

function parseStep(word: ScriptWord, rest: string): Step | undefined {
  switch (word) {
    case "PONG":
    case "COUNT":
    case "ECHO":
    case "CUT":
      return { word };
    case "SAY":
    case "THINK":
    case "TRUNCATE":
      return { word, text: withLineBreaks(rest) };
    case "RUN":
      return rest.trim() === "" ? undefined : { word, command: rest.trim() };
    case "WRITE": {
      const [path, text] = takeToken(rest);
      return path === "" ? undefined : { word, path, text: withLineBreaks(text) };
    }
    case "EDIT": {
      const [path, afterPath] = takeToken(rest);
      const [old, afterOld] = takeToken(afterPath);
      const [replacement, surplus] = takeToken(afterOld);
      if (path === "" || old === "" || surplus !== "") return undefined;
      return { word, path, old, new: replacement };
    }
    case "TOOL": {
      const [name, json] = takeToken(rest);
      const input = parseObject(json === "" ? "{}" : json);
      return name === "" || !input ? undefined : { word, name, input };
    }
    case "ASK":
      return parseQuestion(rest);
    case "SLOW":
    case "SILENT": {
      const [number, afterNumber] = takeToken(rest);
      const seconds = Number(number || Number.NaN);
      if (!(seconds >= 0 && seconds <= maxSeconds)) return undefined;
      const file = word === "SLOW" ? takeToken(afterNumber)[0] : "";
      return file === "" ? { word, seconds } : { word: "SLOW", seconds, file };
    }
    case "FAIL":
    case "FAILONCE": {
      const [code, text] = takeToken(rest);
      const status = Number(code);
      const isError = Number.isInteger(status) && status >= 400 && status <= 599;
      return isError ? { word, status, text } : undefined;
    }
  }
}

/** The first word of the text, or the first "quoted words", and what follows it. */
function takeToken(text: string): [token: string, rest: string] {
  const quoted = /^\s*"([^"]*)"\s*(.*)$/.exec(text);
  if (quoted) return [quoted[1] ?? "", quoted[2] ?? ""];
  const plain = /^\s*(\S*)\s*(.*)$/.exec(text);
  return [plain?.[1] ?? "", plain?.[2] ?? ""];
}

function withLineBreaks(text: string): string {
  return text.replaceAll("\\n", "\n");
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Two to four options, because Claude Code 2.1.197 accepts no other number. */
function parseQuestion(rest: string): Step | undefined {
  const [question = "", ...options] = rest.split("|").map((part) => part.trim());
  const isComplete =
    question !== "" && options.length >= 2 && options.length <= 4 && !options.includes("");
  return isComplete ? { word: "ASK", question, options } : undefined;
}
