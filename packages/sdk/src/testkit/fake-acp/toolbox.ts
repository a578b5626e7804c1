/** The tools, done for real. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Json } from "./wire.ts";

export const toolNames = ["bash", "write", "read", "edit"] as const;

export type Done = {
  readonly ok: boolean;
  readonly text: string;
  readonly exitCode?: number | null;
};

const text = (value: unknown): string => (typeof value === "string" ? value : "");

export const pathOf = (input: Json, folder: string): string =>
  resolve(folder, text(input["filePath"]));

export const readOr = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
};

/** In a session of its own: no signal to the agent's group reaches it. It is asked to end once. */
const run = async (command: string, folder: string, signal: AbortSignal): Promise<Done> => {
  const child = spawn("bash", ["-c", command], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => (said += bytes.toString("utf8")));
  const { promise, resolve: ended } = Promise.withResolvers<number | null>();
  child.once("close", (code) => ended(code));
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    ended(null);
  };
  signal.addEventListener("abort", stop, { once: true });
  const exitCode = await promise;
  return { ok: exitCode === 0, text: said, exitCode };
};

/** What an edit will have made of the file; null when it does not fit. */
export const textAfter = (tool: string, input: Json, before: string | null): string | null => {
  if (tool === "write") return text(input["content"]);
  const old = text(input["oldString"]);
  if (before === null || !before.includes(old)) return null;
  return before.replace(old, () => text(input["newString"]));
};

export const useTool = async (
  tool: string,
  input: Json,
  folder: string,
  signal: AbortSignal,
): Promise<Done> => {
  if (tool === "bash") return run(text(input["command"]), folder, signal);
  const path = pathOf(input, folder);
  const before = readOr(path);
  if (tool === "read") return { ok: before !== null, text: before ?? "There is no such file." };
  const after = textAfter(tool, input, before);
  if (after === null) return { ok: false, text: "The text to replace was not found." };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, after);
  return { ok: true, text: "Wrote file successfully." };
};
