/** Tool calls of ACP agents as items. Each update says what is new; what was said before stays. Pure. */
import { createHash } from "node:crypto";
import type { ItemBody, ItemStatus } from "@skein/contract";
import { hunk } from "../hunk.ts";
import type { Call, Diff } from "./state.ts";
import { list, number, object, string, type Json } from "./wire.ts";

const keptChars = 64 * 1024;
const idChars = 128;
const titleChars = 120;

const cut = (text: string): string =>
  text.length > keptChars ? `${text.slice(0, keptChars)}\n[cut]` : text;

/** Some agents count their calls anew in each process: the generation keeps them apart. */
export const itemId = (generation: number, id: string): string => {
  const whole = `g${generation}:${id}`;
  if (whole.length <= idChars) return whole;
  return `g${generation}:${createHash("sha1").update(id).digest("hex")}`;
};

export const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > titleChars ? `${line.slice(0, titleChars - 1)}…` : line;
};

export const emptyCall: Call = {
  kind: "other",
  tool: null,
  title: "",
  input: {},
  diffs: [],
  paths: [],
  text: "",
  exitCode: null,
  declined: false,
};

const diffOf = (content: Json): Diff => ({
  path: string(content["path"]) ?? "",
  old: string(content["oldText"]),
  next: string(content["newText"]) ?? "",
  // Of a file that is not there, some say that it is empty (opencode 1.18.33, Gemini CLI 0.61.0).
  isNew: content["oldText"] == null || content["oldText"] === "",
});

const contentText = (content: readonly Json[]): string =>
  content
    .filter((one) => one["type"] === "content")
    .map((one) => string(object(one["content"])["text"]) ?? "")
    .filter((text) => text !== "")
    .join("\n");

/** claude-agent-acp 0.49.0 puts a failure into a code fence. */
const unfenced = (text: string): string => /^```\w*\n([\s\S]*?)\n?```$/.exec(text)?.[1] ?? text;

/** The result as text, where the agent gives it apart from what it shows: a string, or an object that holds one. */
const outputOf = (raw: unknown): string | null => {
  if (typeof raw === "string") return raw;
  const told = object(raw);
  const names = ["aggregated_output", "formatted_output", "output", "stdout", "error"];
  return names.map((name) => string(told[name])).find((text) => text !== null) ?? null;
};

const claudeExit = /^Exit code (\d+)\n?/;

/** Of a command that is shown in a terminal, codex-acp 2.6.0 tells the output in pieces and the exit code apart. */
export const pieceOf = (update: Json): string | null =>
  string(object(object(update["_meta"])["terminal_output_delta"])["data"]);

/** As codex-acp 2.6.0, opencode 1.18.33 and claude-agent-acp 0.49.0 tell it; Gemini CLI 0.61.0 does not. */
const exitOf = (update: Json, output: string | null): number | null => {
  const raw = object(update["rawOutput"]);
  const told =
    number(object(object(update["_meta"])["terminal_exit"])["exit_code"]) ??
    number(raw["exit_code"]) ??
    number(raw["exitCode"]) ??
    number(object(raw["metadata"])["exit"]);
  if (told !== null) return told;
  const failed = claudeExit.exec(output ?? "");
  if (failed !== null) return Number(failed[1]);
  const response = object(object(object(update["_meta"])["claudeCode"])["toolResponse"]);
  return response["interrupted"] === false && "stdout" in response ? 0 : null;
};

/** `rawInput` of an ask may be another than the call's own (opencode): what is there stays. */
const inputOf = (call: Call, raw: unknown): Json => {
  const told = object(raw);
  const merged = { ...told, ...call.input, ...("command" in call.input ? {} : told) };
  const text = JSON.stringify(merged);
  return text.length > keptChars ? { ...call.input, cut: cut(text) } : merged;
};

const isTitle = (title: string | null): title is string => title !== null && title !== "";

/** What is asked about a call before it is asked for itself may be called something else (a folder outside, opencode). */
const kindOf = (call: Call, told: string | null): string =>
  told === null || (told === "other" && call.kind !== "other") ? call.kind : told;

export const updated = (before: Call | undefined, update: Json): Call => {
  const call = before ?? emptyCall;
  const content = list(update["content"]).map(object);
  const diffs = content.filter((one) => one["type"] === "diff").map(diffOf);
  const paths = list(update["locations"]).map((one) => string(object(one)["path"]) ?? "");
  const output = outputOf(update["rawOutput"]);
  const shown = contentText(content);
  const isOver = ["completed", "failed"].includes(string(update["status"]) ?? "");
  const title = string(update["title"]);
  const piece = pieceOf(update);
  const whole = output ?? (isOver || call.kind === "execute" ? unfenced(shown) : shown);
  const text = piece === null ? whole : call.text + piece;
  return {
    kind: kindOf(call, string(update["kind"])),
    tool: string(object(object(update["_meta"])["claudeCode"])["toolName"]) ?? call.tool,
    title: isTitle(title) ? title : call.title,
    input: inputOf(call, update["rawInput"]),
    diffs: diffs.length > 0 ? diffs.map((one) => ({ ...one, next: cut(one.next) })) : call.diffs,
    paths: paths.length > 0 ? paths : call.paths,
    text: text === "" ? call.text : cut(text),
    exitCode: exitOf(update, output) ?? call.exitCode,
    declined: call.declined,
  };
};

type Change = Extract<ItemBody, { kind: "edit" }>["changes"][number];

export const absolute = (path: string, folder: string): string =>
  path.startsWith("/") ? path : `${folder.replace(/\/$/, "")}/${path.replace(/^\.\//, "")}`;

const named = ["file_path", "filePath", "filepath", "path"];
const contents = ["content", "new_string", "newString"];

const first = (input: Json, names: readonly string[]): string | null =>
  names.map((name) => string(input[name])).find((text) => text !== null) ?? null;

/** Of an agent that shows no diff: from what it gives its tool, else the files alone. */
export const changesOf = (call: Call, folder: string): Change[] => {
  const change = call.kind === "delete" ? "delete" : "update";
  if (call.diffs.length > 0)
    return call.diffs.map((one) => ({
      path: absolute(one.path, folder),
      change: one.isNew ? "add" : change,
      diff: hunk(one.old ?? "", one.next),
    }));
  const path = first(call.input, named);
  if (path !== null) {
    const diff = hunk(
      first(call.input, ["old_string", "oldString"]) ?? "",
      first(call.input, contents) ?? "",
    );
    const isNew = first(call.input, ["content"]) !== null;
    return [{ path: absolute(path, folder), change: isNew ? "add" : change, diff }];
  }
  return call.paths.map((one) => ({ path: absolute(one, folder), change, diff: "" }));
};

export const isEdit = ({ kind }: Call): boolean => ["edit", "delete", "move"].includes(kind);

export const commandOf = (call: Call): string => {
  const { command } = call.input;
  if (Array.isArray(command)) return command.map(String).join(" ");
  return string(command) ?? call.title;
};

const silence = ["(no output)", "(Bash completed with no output)"];

/** What a command wrote: not what was shown before it ran. */
const outputText = (call: Call, status: ItemStatus): string => {
  if (status === "running" || status === "declined") return "";
  const text = call.text.replace(claudeExit, "");
  return silence.includes(text) || text === string(call.input["description"]) ? "" : text;
};

export const bodyOf = (call: Call, status: ItemStatus, folder: string): ItemBody => {
  if (call.kind === "execute") {
    const { exitCode } = call;
    const output = outputText(call, status);
    return { kind: "command", command: commandOf(call), folder, output, exitCode, status };
  }
  if (isEdit(call)) return { kind: "edit", changes: changesOf(call, folder), status };
  const output = status === "running" ? "" : call.text;
  const tool = call.tool ?? (call.kind === "other" ? oneLine(call.title) : call.kind);
  return { kind: "tool", tool, title: oneLine(call.title), input: call.input, output, status };
};

export const statusOf = (call: Call, update: Json, interrupting: boolean): ItemStatus => {
  switch (string(update["status"])) {
    case "completed":
      return "done";
    case "failed":
      if (call.declined) return "declined";
      return interrupting ? "interrupted" : "failed";
    default:
      return "running";
  }
};
