/** Skein's words as those of the Agent Client Protocol (version 1), and the other way round. Pure. */
import type { Approval, Item, ItemBody, Session, Turn } from "@skein/contract";
import { INVALID_PARAMS, isObject, rpcError, type Json } from "./rpc.ts";

const string = (value: unknown): string => (typeof value === "string" ? value : "");

const blockText = (block: unknown): string => {
  const one = isObject(block) ? block : {};
  switch (one["type"]) {
    case "text":
      return string(one["text"]);
    case "resource_link":
      return `[${string(one["name"])}](${string(one["uri"])})`;
    case "resource": {
      const resource = isObject(one["resource"]) ? one["resource"] : {};
      return `${string(resource["uri"])}:\n${string(resource["text"])}`;
    }
    default:
      throw rpcError(
        INVALID_PARAMS,
        `Skein takes no ${string(one["type"]) || "such"} content, only text.`,
      );
  }
};

export const promptText = (prompt: unknown): string =>
  (Array.isArray(prompt) ? prompt : []).map(blockText).join("\n");

const text = (words: string): Json => ({ type: "text", text: words });

export const chunk = (
  kind: "agent_message_chunk" | "agent_thought_chunk" | "user_message_chunk",
  words: string,
  messageId: string,
): Json => ({ sessionUpdate: kind, content: text(words), messageId });

type Change = Extract<ItemBody, { kind: "edit" }>["changes"][number];

/** The lines of the hunks that were there, and those that will be. */
const side = (diff: string, without: "+" | "-"): string =>
  diff
    .split("\n")
    .filter((line) => !line.startsWith("@@") && !line.startsWith(without) && !line.startsWith("\\"))
    .map((line) => line.slice(1))
    .join("\n");

const diffContent = ({ path, change, diff }: Change): Json => ({
  type: "diff",
  path,
  oldText: change === "add" ? null : side(diff, "+"),
  newText: change === "delete" ? "" : side(diff, "-"),
});

const said = (words: string): readonly Json[] =>
  words === "" ? [] : [{ type: "content", content: text(words) }];

const statuses = {
  running: "in_progress",
  done: "completed",
  failed: "failed",
  declined: "failed",
  interrupted: "failed",
} as const;

type Call = Extract<ItemBody, { kind: "command" | "edit" | "tool" }>;

export const isCall = (body: ItemBody): body is Call =>
  body.kind === "command" || body.kind === "edit" || body.kind === "tool";

const callDetails = (body: Call): Json => {
  switch (body.kind) {
    case "command":
      return {
        title: body.command,
        kind: "execute",
        rawInput: { command: body.command },
        content: said(body.output),
      };
    case "edit":
      return {
        title: `Edit ${body.changes.map(({ path }) => path).join(", ")}`,
        kind: "edit",
        content: body.changes.map(diffContent),
        locations: body.changes.map(({ path }) => ({ path })),
      };
    case "tool":
      return {
        title: body.title || body.tool,
        kind: "other",
        rawInput: body.input,
        content: said(body.output),
      };
  }
};

export const callUpdate = (id: string, body: Call, isNew: boolean): Json => ({
  sessionUpdate: isNew ? "tool_call" : "tool_call_update",
  toolCallId: id,
  status: statuses[body.status],
  ...callDetails(body),
});

/** An item of the past, whole. */
export const itemUpdates = ({ id, body }: Item): readonly Json[] => {
  switch (body.kind) {
    case "user":
      return [chunk("user_message_chunk", body.text, id)];
    case "message":
      return [chunk("agent_message_chunk", body.text, id)];
    case "reasoning":
      return [chunk("agent_thought_chunk", body.text, id)];
    case "notice":
      return [chunk("agent_thought_chunk", body.text, id)];
    default:
      return [callUpdate(id, body, true)];
  }
};

/** Chosen when a session is created, and not changed after that: the one that it has is all there is to choose from. */
export const modesOf = ({ permissions }: Session): Json => ({
  currentModeId: permissions,
  availableModes: [
    {
      id: permissions,
      name: permissions,
      description: "What the agent may do without asking; chosen when the session was created",
    },
  ],
});

export const sessionRow = ({ id, name, folder, activeAt }: Session): Json => ({
  sessionId: id,
  cwd: folder,
  title: name,
  updatedAt: activeAt,
});

export const usageOf = ({ usage }: Turn): Json =>
  usage === null
    ? {}
    : {
        usage: {
          inputTokens: usage.inputTokens,
          outputTokens: usage.outputTokens,
          cachedReadTokens: usage.cacheReadTokens,
          cachedWriteTokens: usage.cacheWriteTokens,
          totalTokens:
            usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
        },
      };

type Choice = {
  readonly optionId: string;
  readonly name: string;
  readonly kind: "allow_once" | "allow_always" | "reject_once";
};

const allow: Choice = { optionId: "allow", name: "Allow", kind: "allow_once" };
const always: Choice = { optionId: "always", name: "Always allow", kind: "allow_always" };
const deny: Choice = { optionId: "deny", name: "Deny", kind: "reject_once" };

/** A question of several parts, or of several answers, does not fit into the protocol: null. */
export const choicesOf = ({ request, canAlways }: Approval): readonly Choice[] | null => {
  if (request.kind !== "question") return [allow, ...(canAlways ? [always] : []), deny];
  const [question, ...more] = request.questions;
  if (question === undefined || more.length > 0 || question.options.length === 0) return null;
  const answers = question.options.map(({ label }, at) => ({
    optionId: `answer-${at}`,
    name: label,
    kind: "allow_once" as const,
  }));
  return [...answers, deny];
};

export type Decided = {
  readonly decision: "allow" | "always" | "deny" | "answer";
  readonly answers?: Record<string, string[]>;
};

const decisionOf = ({ request }: Approval, optionId: string): Decided | null => {
  if (optionId === "allow" || optionId === "always" || optionId === "deny")
    return { decision: optionId };
  if (request.kind !== "question") return null;
  const [question] = request.questions;
  const label = question?.options[Number(optionId.replace("answer-", ""))]?.label;
  if (question === undefined || label === undefined) return null;
  return { decision: "answer", answers: { [question.id]: [label] } };
};

/** What the answer to `session/request_permission` decides; null: nothing, on purpose. Throws when it is none of the choices. */
export const chosen = (
  approval: Approval,
  choices: readonly Choice[],
  { outcome }: Json,
): Decided | null => {
  const { outcome: said, optionId } = isObject(outcome) ? outcome : {};
  if (said === "cancelled") return null;
  const choice = choices.find((one) => said === "selected" && one.optionId === optionId);
  const decided = choice === undefined ? null : decisionOf(approval, choice.optionId);
  if (decided !== null) return decided;
  throw new Error(`${JSON.stringify(outcome ?? null)} is none of what can be chosen`);
};

/** What is asked, as the call that waits for it. */
export const askedCall = (approval: Approval): Json => {
  const { id, title, request } = approval;
  const call = { toolCallId: `approval-${id}`, title, status: "pending" };
  switch (request.kind) {
    case "command":
      return {
        ...call,
        kind: "execute",
        rawInput: { command: request.command },
        content: said(request.reason ?? ""),
      };
    case "edit":
      return {
        ...call,
        kind: "edit",
        content: request.changes.map(diffContent),
        locations: request.changes.map(({ path }) => ({ path })),
      };
    case "tool":
      return {
        ...call,
        kind: "other",
        rawInput: request.input,
        content: said(request.reason ?? ""),
      };
    case "plan":
      return { ...call, kind: "switch_mode", content: said(request.plan) };
    case "question":
      return {
        ...call,
        kind: "other",
        content: said(request.questions.map((one) => one.question).join("\n")),
      };
  }
};
