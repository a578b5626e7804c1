/** Codex's thread items as Skein's. Pure; an item type that is not known gives null and is passed over. */
import type { ItemBody, ItemStatus } from "@skein/contract";
import type { FileUpdateChange, ThreadItem } from "./generated/protocol.ts";
import { isOurClientId, steeringOf } from "./wire.ts";
import { withoutShell } from "./shell-words.ts";

type Edit = Extract<ItemBody, { kind: "edit" }>;
type Change = Edit["changes"][number];

const STATUS: Readonly<Record<string, ItemStatus>> = {
  inProgress: "running",
  completed: "done",
  failed: "failed",
  declined: "declined",
};

const statusOf = (status: string): ItemStatus => STATUS[status] ?? "done";

export const changeOf = ({ path, kind, diff }: FileUpdateChange): Change => ({
  path,
  change: kind.type,
  diff: kind.type === "update" && kind.move_path ? `rename to ${kind.move_path}\n${diff}` : diff,
});

const words = (parts: readonly (string | null | undefined)[]): string =>
  parts.filter((part) => part !== null && part !== undefined && part !== "").join("\n\n");

/** What an MCP server answered, as text; what is no text is named by its type. */
const contentText = (content: unknown): string =>
  Array.isArray(content)
    ? content
        .map((part: unknown) => {
          const { type, text } = (part ?? {}) as { type?: string; text?: unknown };
          return typeof text === "string" ? text : `[${type ?? "unknown"}]`;
        })
        .join("\n")
    : "";

const message = (text: string): ItemBody | null => (text === "" ? null : { kind: "message", text });

const tool = (
  name: string,
  input: unknown,
  output = "",
  status: ItemStatus = "done",
  title = name,
): ItemBody => ({ kind: "tool", tool: name, title, input, output, status });

const userText = (item: Extract<ThreadItem, { type: "userMessage" }>): string =>
  words(item.content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)));

type McpCall = Extract<ThreadItem, { type: "mcpToolCall" }>;

const mcpCall = (item: McpCall): ItemBody =>
  tool(
    `${item.server}.${item.tool}`,
    item.arguments,
    item.error?.message ?? contentText(item.result?.content),
    // Codex calls a refused call failed, and says so only in its text.
    item.error?.message === "user rejected MCP tool call" ? "declined" : statusOf(item.status),
  );

const userBody = (item: Extract<ThreadItem, { type: "userMessage" }>): ItemBody | null => {
  if (steeringOf(item.clientId) !== null)
    return { kind: "user", text: userText(item), how: "steer" };
  if (isOurClientId(item.clientId)) return null;
  return { kind: "user", text: userText(item), how: "outside" };
};

/** Under which id it is told: words that steer have that of their prompt, under which the person knows them. */
export const itemId = (item: ThreadItem): string =>
  item.type === "userMessage" ? (steeringOf(item.clientId) ?? item.id) : item.id;

/** null: nothing to show (the turn's own prompt, an empty message, a type that is not known). */
export const itemBody = (item: ThreadItem): ItemBody | null => {
  switch (item.type) {
    case "userMessage":
      return userBody(item);
    case "agentMessage":
    case "plan":
      return message(item.text);
    case "reasoning": {
      const text = words([...item.summary, ...item.content]);
      return text === "" ? null : { kind: "reasoning", text };
    }
    case "commandExecution":
      return {
        kind: "command",
        command: withoutShell(item.command),
        folder: item.cwd,
        output: item.aggregatedOutput ?? "",
        exitCode: item.exitCode,
        status: statusOf(item.status),
      };
    case "fileChange":
      return { kind: "edit", changes: item.changes.map(changeOf), status: statusOf(item.status) };
    case "mcpToolCall":
      return mcpCall(item);
    case "dynamicToolCall":
      return tool(item.tool, item.arguments, contentText(item.contentItems), statusOf(item.status));
    case "collabAgentToolCall":
      return tool(`agent.${item.tool}`, { prompt: item.prompt }, "", statusOf(item.status));
    case "webSearch":
      return tool("web_search", { query: item.query }, "", "done", `Search: ${item.query}`);
    case "imageView":
      return tool("view_image", { path: item.path }, "", "done", `Look at ${item.path}`);
    case "contextCompaction":
      return { kind: "notice", level: "info", text: "Codex compacted the conversation." };
    default:
      return null;
  }
};

/** The same body, ended by something else than its own end. */
export const endedBody = (body: ItemBody, status: "interrupted" | "failed"): ItemBody =>
  "status" in body && body.status === "running" ? { ...body, status } : body;

/** A body as far as it came, with the words that were streamed; null when there is nothing to show of it yet. */
export const partialBody = (item: ThreadItem, text: string): ItemBody | null => {
  if (item.type === "agentMessage" || item.type === "plan") return message(text);
  if (item.type === "reasoning") return text === "" ? null : { kind: "reasoning", text };
  const body = itemBody(item);
  return body?.kind === "command" && body.output === "" ? { ...body, output: text } : body;
};
