import type { OfferedTool } from "./conversation.ts";
import type { Step } from "./script.ts";

/** A tool call in neutral words; each API dresses it in its own. */
export interface ToolCall {
  readonly name: string;
  readonly namespace?: string;
  readonly input: Readonly<Record<string, unknown>> | string;
}

export type ToolStep = Extract<Step, { word: "WRITE" | "EDIT" | "RUN" | "ASK" | "TOOL" }>;

type Ways<S extends Step> = ReadonlyArray<{
  /** The tools that this way needs, all of them offered by the client. */
  readonly needs: readonly string[];
  readonly calls: (step: S) => readonly ToolCall[];
}>;

type StepOf<W extends Step["word"]> = Extract<Step, { word: W }>;

// A new client is a new row in each table. Tool names and inputs seen in Claude Code 2.1.197 (capitalised), Gemini CLI
// 0.61.0 (run_shell_command, write_file, replace), opencode 1.18.33 (bash, write, edit) and Codex 0.169.0 (the others).

const waysToRun: Ways<StepOf<"RUN">> = [
  {
    needs: ["Bash"],
    calls: ({ command }) => [
      { name: "Bash", input: { command, description: "Run a scripted command" } },
    ],
  },
  {
    // 30 s is the longest that Codex waits before it hands back a running command.
    needs: ["exec_command"],
    calls: ({ command }) => [
      { name: "exec_command", input: { cmd: command, yield_time_ms: 30_000 } },
    ],
  },
  {
    needs: ["run_shell_command"],
    calls: ({ command }) => [
      { name: "run_shell_command", input: { command, description: "Run a scripted command" } },
    ],
  },
  {
    needs: ["bash"],
    calls: ({ command }) => [
      { name: "bash", input: { command, description: "Run a scripted command" } },
    ],
  },
  {
    needs: ["shell_command"],
    calls: ({ command }) => [{ name: "shell_command", input: { command } }],
  },
  {
    needs: ["shell"],
    calls: ({ command }) => [{ name: "shell", input: { command: ["bash", "-lc", command] } }],
  },
];

// Both ways end the file with a line break: a patch cannot add a line without one.
const waysToWrite: Ways<StepOf<"WRITE">> = [
  {
    needs: ["Write"],
    calls: ({ path, text }) => [
      { name: "Write", input: { file_path: path, content: `${text}\n` } },
    ],
  },
  {
    needs: ["write_file"],
    calls: ({ path, text }) => [
      { name: "write_file", input: { file_path: path, content: `${text}\n` } },
    ],
  },
  {
    needs: ["write"],
    calls: ({ path, text }) => [{ name: "write", input: { filePath: path, content: `${text}\n` } }],
  },
  {
    needs: ["apply_patch"],
    calls: ({ path, text }) => [patch(`*** Add File: ${path}`, prefixed("+", text))],
  },
];

const waysToEdit: Ways<StepOf<"EDIT">> = [
  {
    // Claude Code refuses to edit a file that it has not read.
    needs: ["Read", "Edit"],
    calls: (step) => [
      { name: "Read", input: { file_path: step.path } },
      { name: "Edit", input: { file_path: step.path, old_string: step.old, new_string: step.new } },
    ],
  },
  {
    needs: ["replace"],
    calls: (step) => [
      {
        name: "replace",
        input: {
          file_path: step.path,
          old_string: step.old,
          new_string: step.new,
          instruction: "Make the scripted change",
        },
      },
    ],
  },
  {
    // opencode refuses to edit a file that it has not read.
    needs: ["read", "edit"],
    calls: (step) => [
      { name: "read", input: { filePath: step.path } },
      { name: "edit", input: { filePath: step.path, oldString: step.old, newString: step.new } },
    ],
  },
  {
    needs: ["apply_patch"],
    calls: (step) => [
      patch(
        `*** Update File: ${step.path}`,
        "@@",
        prefixed("-", step.old),
        prefixed("+", step.new),
      ),
    ],
  },
];

const waysToAsk: Ways<StepOf<"ASK">> = [
  {
    needs: ["AskUserQuestion"],
    calls: ({ question, options }) => [
      {
        name: "AskUserQuestion",
        input: {
          questions: [
            { question, header: "Question", options: labelled(options), multiSelect: false },
          ],
        },
      },
    ],
  },
  {
    needs: ["request_user_input"],
    calls: ({ question, options }) => [
      {
        name: "request_user_input",
        input: {
          questions: [{ id: "question", header: "Question", question, options: labelled(options) }],
        },
      },
    ],
  },
];

/** The calls that fulfil a step with the tools on offer, in order; empty when the client offers none that can. */
export function callsFor(step: ToolStep, offered: readonly OfferedTool[]): readonly ToolCall[] {
  switch (step.word) {
    case "RUN":
      return choose(waysToRun, step, offered);
    case "WRITE":
      return choose(waysToWrite, step, offered);
    case "EDIT":
      return choose(waysToEdit, step, offered);
    case "ASK":
      return choose(waysToAsk, step, offered);
    case "TOOL":
      return [namedCall(step, offered)];
  }
}

function choose<S extends Step>(
  ways: Ways<S>,
  step: S,
  offered: readonly OfferedTool[],
): readonly ToolCall[] {
  const names = new Set(offered.map((tool) => tool.name));
  const way = ways.find(({ needs }) => needs.every((name) => names.has(name)));
  return way ? way.calls(step) : [];
}

/** A name that nobody offered is called all the same: how a client treats that is worth a test too. */
function namedCall({ name, input }: StepOf<"TOOL">, offered: readonly OfferedTool[]): ToolCall {
  const tool = offered.find(
    (one) =>
      one.name === name ||
      (one.namespace !== undefined && `${one.namespace}__${one.name}` === name),
  );
  if (!tool) return { name, input };
  return {
    name: tool.name,
    ...(tool.namespace === undefined ? {} : { namespace: tool.namespace }),
    input: tool.form === "text" ? freeText(input) : input,
  };
}

/** For a tool that takes text: `{"text": "..."}` means that text. */
function freeText(input: Readonly<Record<string, unknown>>): string {
  return typeof input["text"] === "string" ? input["text"] : JSON.stringify(input);
}

function patch(...lines: readonly string[]): ToolCall {
  return {
    name: "apply_patch",
    input: ["*** Begin Patch", ...lines, "*** End Patch", ""].join("\n"),
  };
}

function prefixed(sign: "+" | "-", text: string): string {
  return text
    .split("\n")
    .map((line) => sign + line)
    .join("\n");
}

function labelled(options: readonly string[]): readonly { label: string; description: string }[] {
  return options.map((label) => ({ label, description: `Choose ${label}` }));
}
