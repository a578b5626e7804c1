/** Everything that can happen to a session: a command someone gives, a fact an adapter reports, a tick of the clock. */
import type {
  Capabilities,
  Container,
  ErrorCode,
  ApprovalRequest,
  Decision,
  Item,
  ItemBody,
  PermissionMode,
  Program,
  SessionInterface,
  SessionStatus,
  TurnError,
  TurnOutcome,
  Usage,
} from "@skein/contract";

export type CreateInput = {
  readonly type: "create";
  readonly id: string;
  readonly backend: string;
  readonly host: string;
  readonly folder: string;
  readonly interface: SessionInterface;
  readonly program: Program | null;
  readonly container: Container | null;
  readonly group: string | null;
  /** Chosen by the person; null: the first of `names` that is free. */
  readonly name: string | null;
  readonly names: readonly string[];
  readonly model: string | null;
  readonly effort: string | null;
  readonly permissions: PermissionMode;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly parent: string | null;
  /** The id of the token for its own sessions that it is created with. */
  readonly token: string | null;
  /** A conversation that was begun elsewhere and is gone on with: the vendor's id, and what was said there, settled. */
  readonly adopt: {
    readonly conversation: string;
    readonly history: readonly Pick<Item, "id" | "at" | "body">[];
  } | null;
  /** A fork: the session and the vendor's id of the conversation it copies. */
  readonly fork: { readonly session: string; readonly providerSessionId: string } | null;
};

/** Facts of one generation, as the sdk's `Fact` says, with usage priced. */
export type SessionFact =
  | {
      readonly fact: "started";
      readonly pid: number | null;
      readonly providerSessionId: string | null;
      readonly reserved?: string | null;
      readonly model: string | null;
      readonly adopted: boolean;
    }
  | {
      readonly fact: "start-failed";
      readonly code: ErrorCode;
      readonly message: string;
      readonly remedy: string;
    }
  | { readonly fact: "provider-session"; readonly providerSessionId: string }
  | { readonly fact: "accepted"; readonly turn: string }
  | {
      readonly fact: "begun";
      readonly key: string;
      readonly text: string;
      readonly truncated: boolean;
    }
  | {
      readonly fact: "item";
      readonly id: string;
      readonly body: ItemBody;
      readonly truncated: boolean;
    }
  | {
      readonly fact: "asked";
      readonly request: string;
      readonly title: string;
      readonly approval: ApprovalRequest;
      readonly canAlways: boolean;
    }
  | { readonly fact: "withdrawn"; readonly request: string; readonly reason: string }
  | {
      readonly fact: "turn-ended";
      readonly turn: string;
      readonly outcome: TurnOutcome;
      readonly error: TurnError | null;
      readonly usage: Usage | null;
    }
  | { readonly fact: "stalled"; readonly reason: string | null }
  | {
      readonly fact: "notice";
      readonly level: "info" | "warning" | "error";
      readonly text: string;
      readonly id: string;
    }
  | {
      readonly fact: "exited";
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly expected: boolean;
      readonly unwitnessed: boolean;
      readonly reason: string;
    }
  | { readonly fact: "unreachable"; readonly reason: string }
  | { readonly fact: "reachable" };

/** What is absent is without limit. */
export type GivenBudget = {
  readonly tokens?: number | null | undefined;
  readonly usd?: number | null | undefined;
};

export type SessionInput =
  | CreateInput
  | {
      readonly type: "send";
      readonly text: string;
      readonly how: "queue" | "steer" | "interrupt";
      readonly capabilities: Capabilities;
      /** Prompts that may wait, and the bytes of all their texts. */
      readonly queueLimit: number;
      readonly queueBytes: number;
    }
  /** A steer that came too late for its turn: it becomes an ordinary prompt. */
  | {
      readonly type: "requeue";
      readonly prompt: string;
      readonly text: string;
      readonly by: string;
    }
  | { readonly type: "interrupt"; readonly clearQueue: boolean }
  | { readonly type: "stop" }
  | { readonly type: "resume" }
  | {
      readonly type: "rename";
      readonly name: string | null;
      readonly description: string | null | undefined;
      readonly tags: readonly string[] | null;
      /** undefined: as it is. */
      readonly group?: string | null | undefined;
    }
  /** `budget` null: none. */
  | {
      readonly type: "goal.set";
      readonly text: string;
      readonly budget: GivenBudget | null;
      readonly turnLimit: number;
    }
  /** With resume only: `budget` null, `turnLimit` undefined: as before. */
  | {
      readonly type: "goal.change";
      readonly action: "pause" | "resume" | "clear";
      readonly budget: GivenBudget | null;
      readonly turnLimit: number | undefined;
    }
  | { readonly type: "delete" }
  /** Time to look whether it was left alone for so long that it may go. */
  | { readonly type: "age"; readonly deleteAfterMs: number }
  /** Its host is forgotten: whatever runs there is left to itself, and nothing more is heard of it. */
  | { readonly type: "abandon"; readonly reason: string }
  | {
      readonly type: "report";
      readonly events: readonly { readonly type: string; readonly data: unknown }[];
    }
  | {
      readonly type: "resolve";
      readonly approval: string;
      readonly decision: Decision;
      readonly message: string | null;
      readonly answers: Readonly<Record<string, readonly string[]>> | null;
    }
  | {
      readonly type: "observe";
      readonly generation: number;
      readonly facts: readonly SessionFact[];
      /** Who knows it. */
      readonly source: SessionStatus["source"];
      readonly approvalLimit: number;
    }
  | {
      readonly type: "tick";
      readonly idleMs: number;
      readonly silenceMs: number;
      readonly silenceLimitMs: number;
      /** A start that has neither succeeded nor failed by then is given up. */
      readonly startLimitMs: number;
      /** A process that has not ended by then, after it was told to, is told again, by force. */
      readonly stopLimitMs: number;
      readonly heardAt: string | null;
      /** So long this daemon has looked after the process: what a sleeping machine or an absent daemon missed does not count. */
      readonly heldMs: number;
    };
