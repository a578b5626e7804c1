/** A tool call from its announcement to its end, asked for where it must be. */
import { randomUUID } from "node:crypto";
import { pathOf, readOr, textAfter, useTool, type Done } from "./toolbox.ts";
import type { Asking, Json } from "./wire.ts";

export type Place = {
  readonly session: string;
  readonly folder: string;
  readonly asking: Asking;
  readonly update: (update: Json) => void;
  /** What a person has allowed for the session. */
  readonly allowed: Set<string>;
};

const kinds: Readonly<Record<string, string>> = { bash: "execute", write: "edit", edit: "edit" };

const contentOf = (tool: string, input: Json, folder: string): readonly Json[] => {
  if (kinds[tool] !== "edit") return [];
  const path = pathOf(input, folder);
  const before = readOr(path);
  const newText = textAfter(tool, input, before);
  return newText === null ? [] : [{ type: "diff", path, oldText: before, newText }];
};

const options = [
  { optionId: "o-1", name: "Always", kind: "allow_always" },
  { optionId: "o-2", name: "Yes", kind: "allow_once" },
  { optionId: "o-3", name: "No", kind: "reject_once" },
];

/** null: the client withdrew the question, because the turn is cancelled. */
const isAllowed = async (place: Place, call: Json, key: string): Promise<boolean | null> => {
  if (place.allowed.has(key)) return true;
  const answer = await place.asking.ask("session/request_permission", {
    sessionId: place.session,
    toolCall: call,
    options,
  });
  const outcome = (answer["result"] as { outcome?: { outcome?: string; optionId?: string } })
    ?.outcome;
  if (outcome?.outcome !== "selected") return null;
  if (outcome.optionId === "o-1") place.allowed.add(key);
  return outcome.optionId !== "o-3";
};

const textContent = (text: string): readonly Json[] => [
  { type: "content", content: { type: "text", text } },
];

/** null: cancelled. */
export const callTool = async (
  place: Place,
  tool: string,
  input: Json,
  signal: AbortSignal,
): Promise<Done | null> => {
  const { update, folder } = place;
  const toolCallId = `call_${randomUUID()}`;
  const kind = kinds[tool] ?? "read";
  const title = tool === "bash" ? String(input["command"]) : `${tool} ${String(input["filePath"])}`;
  update({
    sessionUpdate: "tool_call",
    toolCallId,
    title: tool,
    kind,
    status: "pending",
    rawInput: {},
  });
  const content = contentOf(tool, input, folder);
  const paths = tool === "bash" ? [] : [{ path: pathOf(input, folder) }];
  const call = { toolCallId, title, kind, rawInput: input, content, locations: paths };
  const end = (status: string, done: Done): void =>
    update({
      sessionUpdate: "tool_call_update",
      toolCallId,
      status,
      ...(kind === "edit" ? {} : { content: textContent(done.text) }),
      rawOutput: { output: done.text, metadata: { exit: done.exitCode ?? null } },
    });
  const allowed = kind === "read" ? true : await isAllowed(place, call, kind);
  if (allowed === null || signal.aborted) {
    end("failed", { ok: false, text: "cancelled" });
    return null;
  }
  if (!allowed) {
    const refused = { ok: false, text: "The person said no." };
    end("failed", refused);
    return refused;
  }
  update({ sessionUpdate: "tool_call_update", status: "in_progress", ...call });
  const done = await useTool(tool, input, folder, signal);
  end(done.ok ? "completed" : "failed", done);
  return signal.aborted ? null : done;
};
