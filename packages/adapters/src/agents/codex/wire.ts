/**
 * The words of Codex's app-server (0.169.0): JSON-RPC without its `jsonrpc` field, one object in each WebSocket frame.
 * Requests of the server begin at `id: 0`, so an id is there when it is not undefined.
 */
import type {
  AskForApproval,
  CommandExecutionRequestApprovalParams,
  ErrorNotification,
  FileChangeRequestApprovalParams,
  SandboxMode,
  SandboxPolicy,
  ThreadItem,
  ThreadStatus,
  ThreadTokenUsage,
  ToolRequestUserInputParams,
  Turn,
} from "./generated/protocol.ts";

export type RequestId = string | number;

export type RpcError = {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
};

export type Notification = {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
};
export type ServerRequest = Notification & { readonly id: RequestId };

export type Frame =
  | { readonly frame: "result"; readonly id: RequestId; readonly result: unknown }
  | { readonly frame: "error"; readonly id: RequestId; readonly error: RpcError }
  | { readonly frame: "request"; readonly request: ServerRequest }
  | { readonly frame: "notification"; readonly notification: Notification };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** null for what is no frame: it is dropped, as the server drops ours. */
export const parseFrame = (text: string): Frame | null => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const { id, method, params, result, error } = value;
  const known = typeof id === "string" || typeof id === "number";
  if (typeof method === "string") {
    const word = { method, params: isObject(params) ? params : {} };
    return known
      ? { frame: "request", request: { ...word, id } }
      : { frame: "notification", notification: word };
  }
  if (!known) return null;
  if (!isObject(error)) return { frame: "result", id, result };
  const { code, message, data } = error;
  const told = { code: Number(code), message: String(message), data };
  return { frame: "error", id, error: told };
};

export const threadOf = (word: Notification): string | null =>
  typeof word.params["threadId"] === "string" ? word.params["threadId"] : null;

/**
 * What we say in `clientUserMessageId` of a prompt or a steering; it comes back in the user message's `clientId`,
 * live and in the history: that is how a prompt is found again after a crash. The server itself takes the same one twice.
 */
const TURN_MARK = "skein:turn:";
const NOTE_MARK = "skein:note:";
export const turnClientId = (turn: string): string => `${TURN_MARK}${turn}`;
/** Of words that join a turn: a steering, the reason of a refusal. */
export const noteClientId = (id: string): string => `${NOTE_MARK}${id}`;
export const isOurClientId = (clientId: string | null): clientId is string =>
  clientId !== null && (clientId.startsWith(TURN_MARK) || clientId.startsWith(NOTE_MARK));
/** The prompt whose words steered a turn; null for what is none of ours, for a turn's own prompt and the reason of a refusal. */
export const steeringOf = (clientId: string | null): string | null =>
  clientId?.startsWith(`${NOTE_MARK}prm_`) ? clientId.slice(NOTE_MARK.length) : null;
export const turnOfClientId = (clientId: string | null): string | null =>
  clientId?.startsWith(TURN_MARK) ? clientId.slice(TURN_MARK.length) : null;

export const textInput = (text: string) => [{ type: "text" as const, text, text_elements: [] }];

/** The key becomes a tag around the words, in a message of its own. */
export const contextOf = (projectSays: string) => ({
  project_instructions: { kind: "application" as const, value: projectSays },
});

export const initializeParams = (version: string) => ({
  clientInfo: { name: "skein", title: "Skein", version },
  // Without it there is no backgroundTerminals/clean, and a shell command outlives its interrupted turn.
  capabilities: { experimentalApi: true, requestAttestation: false },
});

/** Named by us on every start, so that config.toml of the person cannot make it looser or stricter than the mode says. */
export type ThreadSettings = {
  readonly cwd: string;
  readonly model?: string;
  readonly approvalPolicy: AskForApproval;
  readonly sandbox?: SandboxMode;
  /** A profile of our own; never together with `sandbox`. */
  readonly permissions?: string;
  readonly config: Readonly<Record<string, unknown>>;
};

export type TurnSettings = {
  readonly approvalPolicy: AskForApproval;
  readonly sandboxPolicy?: SandboxPolicy;
  readonly permissions?: string;
  readonly effort?: string;
};

/** The parts of the answers to thread/start, thread/resume and thread/fork that are read. */
export type ThreadOpened = {
  readonly thread: {
    readonly id: string;
    readonly status: ThreadStatus;
    readonly path: string | null;
  };
  readonly model: string;
  readonly modelProvider: string;
  readonly initialTurnsPage?: { readonly data: readonly Turn[] } | null;
};

/** A form or a link that an MCP server wants a person to see; as an approval, `_meta` tells tool and input. */
export type ElicitationParams = {
  readonly threadId: string;
  readonly turnId: string | null;
  readonly serverName: string;
  readonly mode: string;
  readonly message?: string;
  readonly _meta?: Readonly<Record<string, unknown>> | null;
};

export type PermissionsParams = {
  readonly threadId: string;
  readonly turnId: string;
  readonly itemId: string;
  readonly cwd: string;
  readonly reason: string | null;
  readonly permissions: Readonly<Record<string, unknown>>;
};

/** Questions of the server that wait for a person, by method. */
export type Asked =
  | {
      readonly method: "item/commandExecution/requestApproval";
      readonly params: CommandExecutionRequestApprovalParams;
    }
  | {
      readonly method: "item/fileChange/requestApproval";
      readonly params: FileChangeRequestApprovalParams;
    }
  | { readonly method: "item/tool/requestUserInput"; readonly params: ToolRequestUserInputParams }
  | { readonly method: "mcpServer/elicitation/request"; readonly params: ElicitationParams }
  | { readonly method: "item/permissions/requestApproval"; readonly params: PermissionsParams };

export const ASKED_METHODS: readonly Asked["method"][] = [
  "item/commandExecution/requestApproval",
  "item/fileChange/requestApproval",
  "item/tool/requestUserInput",
  "mcpServer/elicitation/request",
  "item/permissions/requestApproval",
];

/** Notifications about a thread that the fold reads; all others are passed over. */
export type ThreadWord =
  | { readonly method: "turn/started"; readonly params: { readonly turn: Turn } }
  | { readonly method: "turn/completed"; readonly params: { readonly turn: Turn } }
  | {
      readonly method: "item/started" | "item/completed";
      readonly params: { readonly item: ThreadItem; readonly turnId: string };
    }
  | {
      readonly method:
        | "item/agentMessage/delta"
        | "item/plan/delta"
        | "item/reasoning/summaryTextDelta"
        | "item/reasoning/textDelta"
        | "item/commandExecution/outputDelta";
      readonly params: { readonly itemId: string; readonly delta: string };
    }
  | {
      readonly method: "thread/tokenUsage/updated";
      readonly params: { readonly turnId: string; readonly tokenUsage: ThreadTokenUsage };
    }
  | {
      readonly method: "serverRequest/resolved";
      readonly params: { readonly requestId: RequestId };
    }
  | { readonly method: "error"; readonly params: ErrorNotification }
  | { readonly method: "warning"; readonly params: { readonly message: string } }
  | {
      readonly method: "model/rerouted";
      readonly params: { readonly fromModel?: string; readonly toModel?: string };
    }
  | {
      readonly method: "thread/settings/updated";
      readonly params: { readonly threadSettings: { readonly model?: string } };
    };
