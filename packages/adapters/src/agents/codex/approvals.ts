/**
 * Codex's questions as Skein's approvals, and the answers back. Verified on Codex 0.169.0: `decline` lets the turn go on
 * (`cancel` would end it, so it is never said); `acceptForSession` is taken though not offered, for the same command or
 * the same file; an MCP call is allowed for the session by `_meta.persist`. `acceptWithExecpolicyAmendment` is offered
 * instead but writes a rule into the person's CODEX_HOME for all sessions to come, so it is never said either.
 */
import type { ApprovalRequest, Question, Resolution } from "@skein/contract";
import type { ToolRequestUserInputQuestion } from "./generated/protocol.ts";
import type { Asked, ElicitationParams, ServerRequest } from "./wire.ts";
import { ASKED_METHODS } from "./wire.ts";
import { shellWords, withoutShell } from "./shell-words.ts";

type Changes = Extract<ApprovalRequest, { kind: "edit" }>["changes"];

export type Presented = {
  readonly title: string;
  readonly approval: ApprovalRequest;
  readonly canAlways: boolean;
};

/** A request that a person can answer; null for all others. */
export const asAsked = (request: ServerRequest): (Asked & { id: ServerRequest["id"] }) | null =>
  ASKED_METHODS.includes(request.method as Asked["method"])
    ? (request as unknown as Asked & { id: ServerRequest["id"] })
    : null;

const titleChars = 120;

const titled = (text: string): string => {
  const [line = ""] = text.split("\n");
  return line.length <= titleChars && line === text ? text : `${line.slice(0, titleChars)}…`;
};

const question = (asked: ToolRequestUserInputQuestion): Question => ({
  id: asked.id,
  question: asked.question,
  header: asked.header === "" ? null : asked.header,
  options: (asked.options ?? []).map(({ label, description }) => ({ label, description })),
  many: false,
  free: asked.isOther || (asked.options ?? []).length === 0,
});

const elicitation = (params: ElicitationParams): Presented => {
  const meta = params._meta ?? {};
  const name = typeof meta["tool_name"] === "string" ? meta["tool_name"] : params.mode;
  const tool = `${params.serverName}.${name}`;
  const persist = meta["persist"];
  return {
    title: titled(params.message ?? `Allow ${tool}?`),
    approval: {
      kind: "tool",
      tool,
      input: meta["tool_params"] ?? {},
      reason: params.message ?? null,
    },
    canAlways: Array.isArray(persist) && persist.includes("session"),
  };
};

/** `changes`: those of the file change that the request is about; the request itself does not carry them. */
export const questionOf = (asked: Asked, changes: Changes): Presented => {
  switch (asked.method) {
    case "item/commandExecution/requestApproval": {
      const { command, cwd, reason } = asked.params;
      const line = command ?? "";
      return {
        title: titled(`Run: ${withoutShell(line)}`),
        approval: {
          kind: "command",
          command: withoutShell(line),
          argv: shellWords(line),
          folder: cwd ?? null,
          reason: reason ?? null,
        },
        canAlways: true,
      };
    }
    case "item/fileChange/requestApproval": {
      const [first] = changes;
      const more = changes.length > 1 ? ` and ${changes.length - 1} more` : "";
      return {
        title: titled(first === undefined ? "Change files" : `Edit: ${first.path}${more}`),
        approval: { kind: "edit", changes, reason: asked.params.reason ?? null },
        canAlways: true,
      };
    }
    case "item/tool/requestUserInput": {
      const questions = asked.params.questions.map(question);
      return {
        title: titled(questions[0]?.question ?? "Codex has a question"),
        approval: { kind: "question", questions },
        canAlways: false,
      };
    }
    case "mcpServer/elicitation/request":
      return elicitation(asked.params);
    case "item/permissions/requestApproval":
      return {
        title: "Grant more permissions",
        approval: {
          kind: "tool",
          tool: "request_permissions",
          input: asked.params.permissions,
          reason: asked.params.reason,
        },
        canAlways: true,
      };
  }
};

/** The `result` that answers a request. */
export const answerOf = (asked: Asked, resolution: Resolution): unknown => {
  const { decision } = resolution;
  const allowed = decision === "allow" || decision === "always";
  switch (asked.method) {
    case "item/commandExecution/requestApproval":
    case "item/fileChange/requestApproval":
      if (!allowed) return { decision: "decline" };
      return { decision: decision === "always" ? "acceptForSession" : "accept" };
    case "item/tool/requestUserInput": {
      const answers = decision === "answer" ? (resolution.answers ?? {}) : {};
      const told = Object.entries(answers).map(([id, given]) => [id, { answers: given }]);
      return { answers: Object.fromEntries(told) };
    }
    case "mcpServer/elicitation/request": {
      if (!allowed) return { action: "decline", content: null, _meta: null };
      const _meta = decision === "always" ? { persist: "session" } : null;
      return { action: "accept", content: {}, _meta };
    }
    case "item/permissions/requestApproval":
      return {
        permissions: allowed ? asked.params.permissions : {},
        scope: decision === "always" ? "session" : "turn",
      };
  }
};
