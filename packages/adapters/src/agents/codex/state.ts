/**
 * What the fold remembers of one thread, and the part of it that outlives the daemon. Not kept over a restart is what
 * the server tells again: items in progress and the questions' words come back with thread/resume.
 */
import { z } from "zod";
import type { TurnError, TurnOutcome } from "@skein/contract";
import type { TurnUsage } from "@skein/sdk";
import type { ThreadItem } from "./generated/protocol.ts";
import type { Asked, RequestId } from "./wire.ts";
import type { Totals } from "./usage.ts";

/** Our prompt on its way: `turn/start` was or will be sent, and the server has not said that it took it. */
export type Handed = { readonly turn: string };

export type TurnNow = {
  /** The vendor's id. */
  readonly id: string;
  /** The daemon's turn; null while it is not known whose it is, and for a turn that someone else began. */
  readonly ours: string | null;
  /** turn/started was seen: before that, turn/interrupt finds no turn (0.169.0). */
  readonly started: boolean;
  /** The thread's tokens before it. */
  readonly before: Totals | null;
  /** Why we end it ourselves; told instead of the vendor's `interrupted`. */
  readonly verdict: TurnError | null;
  /** Retries of the vendor without a word in between. */
  readonly retries: number;
};

/** The newest turn that ended. Its end is remembered, in case the answer to turn/start comes after it. */
export type Ended = {
  readonly id: string;
  readonly ours: string | null;
  readonly outcome: TurnOutcome;
  readonly error: TurnError | null;
  readonly usage: TurnUsage | null;
};

export type ItemNow = { readonly item: ThreadItem; readonly turn: string; readonly text: string };

export type OpenQuestion = { readonly id: RequestId; readonly asked: Asked };

export type State = {
  readonly thread: string;
  readonly model: string | null;
  readonly handed: Handed | null;
  readonly turn: TurnNow | null;
  readonly ended: Ended | null;
  /** Out of the checkpoint: in the history of the current turn, everything up to and with this item was told. */
  readonly floor: string | null;
  /** Out of the checkpoint: items that were in progress, of whatever turn. */
  readonly owed: ReadonlySet<string>;
  /** Items of the current turn in the order they appeared, and which of them were told whole. */
  readonly seen: readonly string[];
  readonly settled: ReadonlySet<string>;
  readonly running: ReadonlyMap<string, ItemNow>;
  readonly open: ReadonlyMap<string, OpenQuestion>;
  /** Keys of the last daemon that the server has not yet told again. */
  readonly unheard: ReadonlySet<string>;
  /** What was answered, by key: a server whose connection was cut before the answer reached it asks again. */
  readonly answered: ReadonlyMap<string, unknown>;
  readonly totals: Totals | null;
};

export const freshState = (thread: string, totals: Totals | null): State => ({
  thread,
  model: null,
  handed: null,
  turn: null,
  ended: null,
  floor: null,
  owed: new Set(),
  seen: [],
  settled: new Set(),
  running: new Map(),
  open: new Map(),
  unheard: new Set(),
  answered: new Map(),
  totals,
});

const Counted = z.object({
  input: z.number(),
  cached: z.number(),
  cacheWrite: z.number(),
  output: z.number(),
  reasoning: z.number(),
});

const Checkpoint = z.object({
  version: z.literal(1),
  thread: z.string(),
  server: z.object({ pid: z.number(), started: z.string() }),
  model: z.string().nullable(),
  started: z.boolean(),
  turn: z
    .object({
      id: z.string(),
      ours: z.string().nullable(),
      before: Counted.nullable(),
      verdict: z.custom<TurnError>((value) => typeof value === "object").nullable(),
    })
    .nullable(),
  ended: z.object({ id: z.string(), ours: z.string().nullable() }).nullable(),
  /** Up to and with `floor` everything was told; of what follows, `beyond`. */
  floor: z.string().nullable(),
  beyond: z.array(z.string()),
  running: z.array(z.string()),
  open: z.array(z.string()),
  totals: Counted.nullable(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** null for what this version cannot read: the thread's history is then taken as told. */
export const readCheckpoint = (value: unknown): Checkpoint | null =>
  Checkpoint.safeParse(value).data ?? null;

export const writeCheckpoint = (
  state: State,
  life: { readonly server: Checkpoint["server"]; readonly started: boolean },
): Checkpoint => {
  const firstOpen = state.seen.findIndex((id) => !state.settled.has(id));
  const whole = firstOpen === -1 ? state.seen.length : firstOpen;
  const told = new Set(state.seen.slice(0, whole));
  const { turn, ended } = state;
  return {
    version: 1,
    thread: state.thread,
    server: life.server,
    model: state.model,
    started: life.started,
    turn: turn && { id: turn.id, ours: turn.ours, before: turn.before, verdict: turn.verdict },
    ended: ended && { id: ended.id, ours: ended.ours },
    floor: state.seen[whole - 1] ?? state.floor,
    beyond: [...state.settled].filter((id) => !told.has(id)),
    running: [...new Set([...state.running.keys(), ...state.owed])],
    open: [...state.open.keys(), ...state.unheard],
    totals: state.totals,
  };
};

export const restoreState = (checkpoint: Checkpoint): State => {
  const { thread, model, turn, ended, floor, beyond, open, totals } = checkpoint;
  return {
    ...freshState(thread, totals),
    model,
    turn: turn && { ...turn, started: true, retries: 0 },
    ended: ended && { ...ended, outcome: "completed", error: null, usage: null },
    floor,
    owed: new Set(checkpoint.running),
    settled: new Set(beyond),
    unheard: new Set(open),
  };
};
