/** What a session is, inside: the view that everyone sees, and what only the decisions need. */
import type { Approval, Item, Session } from "@skein/contract";

export type QueuedPrompt = {
  readonly prompt: string;
  readonly text: string;
  readonly how: "queue" | "steer" | "interrupt";
  readonly by: string;
};

export type CurrentTurn = {
  readonly prompt: string;
  readonly text: string;
  readonly how: "queue" | "steer" | "interrupt";
  readonly by: string;
  /** The agent has taken the prompt: it is never given again. */
  readonly accepted: boolean;
  readonly interrupting: boolean;
};

export type OpenApproval = { readonly approval: Approval; readonly request: string };

export type SessionState = {
  readonly view: Session;
  readonly process: "none" | "starting" | "running" | "stopping";
  readonly how: "new" | "resume" | "fork";
  /** The vendor's id of the conversation that a fork copies; null once it has one of its own. */
  readonly forkFrom: string | null;
  readonly stopWhy: "stop" | "idle" | "delete" | "fault" | null;
  /** A prompt came while the process was being stopped: start again when it is gone. */
  readonly wake: boolean;
  readonly queue: readonly QueuedPrompt[];
  readonly current: CurrentTurn | null;
  /** Starts without an accepted prompt in between, to end a loop of crashes. */
  readonly restarts: number;
  /** Items that are not settled yet, by id. */
  readonly openItems: Readonly<Record<string, Item>>;
  /** Orders given so far. */
  readonly items: number;
  /** Approvals that wait, by approval id. Kept as rows of their own; loaded with the session. */
  readonly open: Readonly<Record<string, OpenApproval>>;
  /** The newest silence that was told of; null when the agent speaks. */
  readonly silentSince: string | null;
};
