/**
 * An edit that waits for a decision, as a real unified diff: with the lines around it and their numbers, against what
 * stands in the file now. Where that cannot be had, the change as the agent told it stays.
 */
import type { ApprovalRequest } from "@skein/contract";
import type { BackendContext } from "@skein/sdk";
import { list, object, string, type Json } from "./wire.ts";

const timeoutMs = 2_000;
const maxBytes = 4 * 1024 * 1024;

const replaced = (text: string, edit: Json): string | null => {
  const old = string(edit["old_string"]) ?? "";
  const next = string(edit["new_string"]) ?? "";
  if (old === "" || !text.includes(old)) return null;
  // A function, because `$&` in a replacement text would mean something.
  return edit["replace_all"] === true
    ? text.replaceAll(old, () => next)
    : text.replace(old, () => next);
};

/** What the file will hold; null when the edit does not fit it. */
export const textAfter = (tool: string, input: Json, before: string): string | null => {
  if (tool === "Write") return string(input["content"]);
  if (tool === "Edit") return replaced(before, input);
  if (tool !== "MultiEdit") return null;
  let text: string | null = before;
  for (const edit of list(input["edits"]))
    text = text === null ? null : replaced(text, object(edit));
  return text;
};

/** Without the two lines that name the files. */
const hunksOf = (diff: string): string => {
  const start = diff.indexOf("@@");
  return start === -1 ? "" : diff.slice(start).replace(/\n$/, "");
};

type EditRequest = Extract<ApprovalRequest, { kind: "edit" }>;

export const preview = async (
  { host, env }: Pick<BackendContext, "host" | "env">,
  request: EditRequest,
  tool: string,
  input: Json,
): Promise<EditRequest> => {
  const [change] = request.changes;
  if (change === undefined || (await host.folder(change.path)) !== "file") return request;
  const existing = { ...request, changes: [{ ...change, change: "update" as const }] };
  const options = { env, timeoutMs, maxBytes };
  try {
    const before = await host.run(["cat", "--", change.path], options);
    if (before.exitCode !== 0 || Buffer.byteLength(before.stdout) >= maxBytes) return existing;
    const after = textAfter(tool, input, before.stdout);
    if (after === null) return existing;
    const diff = await host.run(["diff", "-u", "--", change.path, "-"], {
      ...options,
      input: after,
    });
    const hunks = hunksOf(diff.stdout);
    // 1: there are differences. 0: none. More: it failed.
    if (diff.exitCode !== 1 || hunks === "") return existing;
    return { ...request, changes: [{ ...change, change: "update", diff: hunks }] };
  } catch {
    return existing;
  }
};
