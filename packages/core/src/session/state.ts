/** What a session is, inside: the view that everyone sees, and what only the decisions need. */
import type { Approval, Item, Session } from "@skein/contract";
import type { GoalWord } from "./goal-words.ts";

export type QueuedPrompt = {
  readonly prompt: string;
  readonly text: string;
  /** `goal`: Skein's own. */
  readonly how: "queue" | "steer" | "interrupt" | "goal";
  readonly by: string;
};

export type CurrentTurn = {
  readonly prompt: string;
  /** Empty once the agent has taken it: it is in the transcript then. */
  readonly text: string;
  /** `outside`: typed into the agent itself. */
  readonly how: QueuedPrompt["how"] | "outside";
  readonly by: string;
  /** The agent has taken the prompt: it is never given again. */
  readonly accepted: boolean;
  readonly interrupting: boolean;
  /** What the driver calls the turn, where that is not its id: a turn that began outside. */
  readonly key: string | null;
};

/** Until the agent shows that it has `taken` them they are kept whole: they go back to the queue, once, when it comes to that. */
export type Steer = Pick<QueuedPrompt, "prompt" | "text" | "by"> & { readonly taken: boolean };

export type OpenApproval = { readonly approval: Approval; readonly request: string };

/** An item that was told whole. What is told again of it keeps its place. */
export type SettledItem = Pick<Item, "id" | "order" | "turn" | "at">;

/** How much is remembered to tell repeated words from new ones. */
export const MEMORY = {
  settledItems: 64,
  askedRequests: 128,
  takenSteers: 32,
  begunTurns: 32,
} as const;

export type SessionState = {
  readonly view: Session;
  /** The token that it was created with: one for its own sessions may touch it. */
  readonly owner: string | null;
  readonly process: "none" | "starting" | "running" | "stopping";
  readonly how: "new" | "resume" | "fork";
  /** When the process began to start, or was last told to stop. */
  readonly processSince: string;
  /** How often a process that does not end has been told to, beyond the first time. */
  readonly stopsRepeated: number;
  /** The vendor's id of the conversation that a fork copies; null once it has one of its own. */
  readonly forkFrom: string | null;
  /** The vendor's id that the conversation will have: held already, though there are no words in it yet; null once it is told. */
  readonly reserved: string | null;
  readonly stopWhy: "stop" | "idle" | "delete" | "fault" | "restart" | null;
  /** Asked for while the process was being stopped: start again when it is gone. */
  readonly wake: boolean;
  readonly queue: readonly QueuedPrompt[];
  readonly current: CurrentTurn | null;
  /** Words that were given to a turn in progress, newest last: all that the agent has not taken yet, the newest of the others. */
  readonly steers: readonly Steer[];
  /** Unexpected ends in a row, without an accepted prompt in between: ends a loop of crashes. */
  readonly crashes: number;
  /** Items that are not settled yet, by id. */
  readonly openItems: Readonly<Record<string, Item>>;
  /** The newest items that are, newest last. */
  readonly settled: readonly SettledItem[];
  /** Orders given so far. */
  readonly items: number;
  /** Approvals that wait, by approval id. Kept as rows of their own; loaded with the session. */
  readonly open: Readonly<Record<string, OpenApproval>>;
  /** The driver's keys of this generation's turns that began outside, newest last. */
  readonly begun: readonly string[];
  /** The driver's keys of this generation's approvals, newest last: each is asked for once. */
  readonly asked: readonly string[];
  /** Since when the agent has owed a word: its newest one, or what gave it something to do. What waits for it is none of these. */
  readonly owesSince: string;
  /** The newest silence that was told of; null when the agent speaks. */
  readonly silentSince: string | null;
  /** The last turn failed for this, and the next prompt would too: the queue waits for a person. */
  readonly held: "login" | "limit" | null;
  /** Whether the process lives cannot be told at present. */
  readonly unreachable: boolean;
  /** What the newest message of the turn in progress says of the goal; null when there is no goal, or no word of it. */
  readonly said: GoalWord | null;
};
