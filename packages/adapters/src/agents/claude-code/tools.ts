/** Tool calls of Claude Code 2.1.197 as items: what they will do, and what became of them. */
import type { ItemBody, ItemStatus } from "@skein/contract";
import { hunk } from "../hunk.ts";
import { newText, patchText } from "./diff.ts";
import { isObject, list, object, string, type Block, type Json } from "./wire.ts";

type Change = Extract<ItemBody, { kind: "edit" }>["changes"][number];
type ToolResult = Extract<Block, { type: "tool_result" }>;

const editTools = ["Edit", "MultiEdit", "Write", "NotebookEdit"];

export const isEdit = (tool: string): boolean => editTools.includes(tool);

export const absolute = (path: string, folder: string): string =>
  path.startsWith("/") ? path : `${folder.replace(/\/$/, "")}/${path.replace(/^\.\//, "")}`;

export const pathOf = (input: Json, folder: string): string =>
  absolute(string(input["file_path"]) ?? string(input["notebook_path"]) ?? "", folder);

const editDiff = (edit: Json): string =>
  hunk(string(edit["old_string"]) ?? "", string(edit["new_string"]) ?? "");

/** From the input alone: whether a written file is new is not known here, its whole text is shown. */
export const changesOf = (tool: string, input: Json, folder: string): Change[] => {
  const path = pathOf(input, folder);
  switch (tool) {
    case "Write":
      return [{ path, change: "add", diff: newText(string(input["content"]) ?? "") }];
    case "NotebookEdit":
      return [{ path, change: "update", diff: newText(string(input["new_source"]) ?? "") }];
    case "MultiEdit": {
      const diff = list(input["edits"]).map((edit) => editDiff(object(edit)));
      return [{ path, change: "update", diff: diff.join("\n") }];
    }
    default:
      return [{ path, change: "update", diff: editDiff(input) }];
  }
};

const detailNames = [
  "description",
  "query",
  "pattern",
  "url",
  "file_path",
  "path",
  "skill",
  "subject",
];
const titleChars = 120;

export const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > titleChars ? `${line.slice(0, titleChars - 1)}…` : line;
};

export const titleOf = (tool: string, input: Json): string => {
  const detail = detailNames.map((name) => string(input[name])).find((text) => text !== null);
  return detail === undefined ? tool : `${tool}: ${oneLine(detail ?? "")}`;
};

export const callBody = (tool: string, input: Json, folder: string): ItemBody => {
  if (tool === "Bash") {
    const command = string(input["command"]) ?? "";
    return { kind: "command", command, folder, output: "", exitCode: null, status: "running" };
  }
  if (isEdit(tool)) {
    return { kind: "edit", changes: changesOf(tool, input, folder), status: "running" };
  }
  return { kind: "tool", tool, title: titleOf(tool, input), input, output: "", status: "running" };
};

const interrupted = /^The user doesn't want to (?:proceed|take this action)/;
const refused = /^Permission to use .* has been denied/;

const statusOf = (result: ToolResult, told: Json | null, wasDeclined: boolean): ItemStatus => {
  if (wasDeclined) return "declined";
  if (told?.["interrupted"] === true) return "interrupted";
  if (!result.isError) return "done";
  if (interrupted.test(result.text)) return "interrupted";
  return refused.test(result.text) ? "declined" : "failed";
};

const errorTag = /^<tool_use_error>([\s\S]*)<\/tool_use_error>$/;
const silence = "(Bash completed with no output)";
const exitLine = /^Exit code (\d+)\n?/;

/** A failed command is told as text alone: `Exit code 3`, then its output. */
const commandEnd = (
  result: ToolResult,
  told: Json | null,
): { readonly output: string; readonly exitCode: number | null } => {
  const exit = exitLine.exec(result.text);
  if (exit !== null)
    return { output: result.text.slice(exit[0].length), exitCode: Number(exit[1]) };
  if (result.isError) return { output: result.text.replace(errorTag, "$1"), exitCode: null };
  // It runs on in the background: it has no end yet.
  if (typeof told?.["backgroundTaskId"] === "string")
    return { output: result.text, exitCode: null };
  const streams = [string(told?.["stdout"]), string(told?.["stderr"])];
  const text = result.text === silence ? "" : result.text;
  const output = told === null ? text : streams.filter(Boolean).join("\n");
  return { output, exitCode: told?.["interrupted"] === true ? null : 0 };
};

/** What the tool says it did: with line numbers and context, and whether the file is new. */
const doneChanges = (body: Extract<ItemBody, { kind: "edit" }>, told: Json | null): Change[] => {
  const [first, ...others] = body.changes;
  if (first === undefined || told === null) return body.changes;
  const patch = list(told["structuredPatch"]).filter(isObject);
  const change = told["type"] === "create" ? "add" : "update";
  const content = string(told["content"]);
  if (patch.length > 0) return [{ ...first, change, diff: patchText(patch) }, ...others];
  return content === null
    ? body.changes
    : [{ ...first, change, diff: newText(content) }, ...others];
};

export const endedBody = (
  body: ItemBody,
  result: ToolResult,
  told: Json | null,
  wasDeclined: boolean,
): ItemBody => {
  const status = statusOf(result, told, wasDeclined);
  switch (body.kind) {
    case "command": {
      const end = commandEnd(result, told);
      // What the CLI says then is for the model, not the command's output.
      const saidNothing = status === "declined" || interrupted.test(result.text);
      return saidNothing ? { ...body, status } : { ...body, ...end, status };
    }
    case "edit":
      return {
        ...body,
        changes: status === "done" ? doneChanges(body, told) : body.changes,
        status,
      };
    case "tool":
      return { ...body, output: result.text.replace(errorTag, "$1"), status };
    default:
      return body;
  }
};

const keptChars = 64 * 1024;

/** For the checkpoint, which must stay small however large the file is that is being written. */
export const shortened = (body: ItemBody): ItemBody => {
  const cut = (text: string): string =>
    text.length > keptChars ? `${text.slice(0, keptChars)}\n[cut]` : text;
  if (body.kind === "edit") {
    const changes = body.changes.map((change) => ({ ...change, diff: cut(change.diff) }));
    return { ...body, changes };
  }
  if (body.kind === "command") return { ...body, command: cut(body.command) };
  if (body.kind === "tool") {
    const input = JSON.stringify(body.input) ?? "";
    return input.length > keptChars ? { ...body, input: cut(input) } : body;
  }
  return body;
};

export const answersOf = (
  input: Json,
  answers: Readonly<Record<string, readonly string[]>>,
): Json => {
  const questions = list(input["questions"]).map(object);
  const pairs = questions.flatMap((one, at) => {
    const given = answers[questionId(at)];
    const question = string(one["question"]);
    return given === undefined || question === null ? [] : [[question, given.join(", ")] as const];
  });
  return { ...input, answers: Object.fromEntries(pairs) };
};

/** Claude Code gives its questions no id; their place is one. */
export const questionId = (at: number): string => String(at + 1);
