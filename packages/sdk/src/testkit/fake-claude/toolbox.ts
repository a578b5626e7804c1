/** The tools, done for real, with the results that the real one (2.1.197) gives. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { pathOf, type Input } from "./permissions.ts";

export type ToolResult = {
  readonly content: string;
  readonly isError: boolean;
  /** `tool_use_result` of the line. */
  readonly told: unknown;
};

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const failed = (content: string): ToolResult => ({
  content,
  isError: true,
  told: `Error: ${content}`,
});
const toolError = (message: string): ToolResult => ({
  content: `<tool_use_error>${message}</tool_use_error>`,
  isError: true,
  told: `Error: ${message}`,
});

/** In a session of its own, as the real one runs its commands: no signal to the agent's group reaches it. */
const runCommand = async (input: Input, signal: AbortSignal): Promise<ToolResult> => {
  const child = spawn("bash", ["-c", text(input["command"])], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString("utf8")));
  child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString("utf8")));
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("close", (code) => resolve(code));
  // It asks once and does not look again: what ignores SIGTERM lives on.
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    resolve(null);
  };
  signal.addEventListener("abort", stop, { once: true });
  const code = await promise;
  const output = [stdout, stderr]
    .map((one) => one.replace(/\n$/, ""))
    .filter(Boolean)
    .join("\n");
  if (code !== 0) return failed(`Exit code ${code ?? 143}\n${output}`);
  const content = output || "(Bash completed with no output)";
  const told = { stdout: stdout.replace(/\n$/, ""), stderr, interrupted: false, isImage: false };
  return { content, isError: false, told };
};

const read = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
};

const write = (input: Input): ToolResult => {
  const [path, content] = [pathOf(input), text(input["content"])];
  const original = read(path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  const filePath = text(input["file_path"]);
  const type = original === null ? "create" : "update";
  const said = original === null ? "File created successfully at: " : "The file has been updated: ";
  const told = { type, filePath, content, structuredPatch: [], originalFile: original };
  return { content: `${said}${filePath}`, isError: false, told };
};

const edit = (input: Input): ToolResult => {
  const [path, old, next] = [pathOf(input), text(input["old_string"]), text(input["new_string"])];
  const original = read(path);
  if (original === null) return toolError("File does not exist.");
  if (!original.includes(old))
    return toolError(`String to replace not found in file.\nString: ${old}`);
  writeFileSync(
    path,
    original.replace(old, () => next),
  );
  const filePath = text(input["file_path"]);
  const lines = [
    ...old.split("\n").map((line) => `-${line}`),
    ...next.split("\n").map((line) => `+${line}`),
  ];
  const oldStart = original.slice(0, original.indexOf(old)).split("\n").length;
  const patch = { oldStart, oldLines: 1, newStart: oldStart, newLines: 1, lines };
  const told = {
    filePath,
    oldString: old,
    newString: next,
    originalFile: original,
    structuredPatch: [patch],
  };
  return { content: `The file ${filePath} has been updated successfully.`, isError: false, told };
};

const ask = (input: Input): ToolResult => {
  const answers = input["answers"];
  if (typeof answers !== "object" || answers === null)
    return { content: "The user did not answer the questions.", isError: false, told: {} };
  const pairs = Object.entries(answers).map(
    ([question, answer]) => `"${question}"="${String(answer)}"`,
  );
  const content = `Your questions have been answered: ${pairs.join(", ")}. You can now continue with these answers in mind.`;
  return { content, isError: false, told: { answers } };
};

export const useTool = async (
  tool: string,
  input: Input,
  signal: AbortSignal,
): Promise<ToolResult> => {
  switch (tool) {
    case "Bash":
      return runCommand(input, signal);
    case "Write":
      return write(input);
    case "Edit":
      return edit(input);
    case "Read": {
      const content = read(pathOf(input));
      if (content === null) return toolError("File does not exist.");
      const numbered = content.split("\n").map((line, at) => `${at + 1}\t${line}`);
      return { content: numbered.join("\n"), isError: false, told: { type: "text" } };
    }
    case "Glob":
      return { content: readdirSync(".").join("\n"), isError: false, told: {} };
    case "AskUserQuestion":
      return ask(input);
    case "ExitPlanMode":
      return {
        content: "User has approved your plan. You can now start coding.",
        isError: false,
        told: {},
      };
    default:
      return { content: `${tool} is done`, isError: false, told: {} };
  }
};
