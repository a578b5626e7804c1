/** Applies a decision to its lane and makes the unit of it that goes to the disk. */
import { LIMITS, refuse, type NewEvent } from "@skein/contract";
import type { Decision, Effect } from "@skein/core";
import type { Claims } from "./claims.ts";
import { instant } from "./instant.ts";
import type { Kind, Step } from "./kind.ts";
import type { Lane } from "./lane.ts";
import type { Checkpoint, PendingEffect, PendingEvent, Receipt } from "./ports.ts";
import type { ReceiptKey } from "./receipts.ts";
import type { Unit } from "./unit.ts";

export type Asking<S, T> = {
  readonly actor: string;
  /** Names that the decision may take, so that it knows which are free. */
  readonly names?: readonly string[];
  readonly receipt?: ReceiptKey | null;
  /** What the answer is made of: the state after the decision and what the decision tells. Kept as the receipt, too. */
  readonly answer: (state: S, result: Decision["result"]) => T;
  /** Recorded in the same transaction. */
  readonly checkpoint?: { readonly generation: number; readonly value: unknown };
  /** Joins what is kept beside the events, such as a token's hash. */
  readonly amend?: (state: S) => S;
};

type Settle<T> = {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
};

export type Staging<S, I, T> = {
  readonly lane: Lane;
  readonly kind: Kind<S, I>;
  readonly decision: Decision;
  /** Milliseconds since the epoch; the same instant as the decision's `now`. */
  readonly at: number;
  readonly asking: Asking<S, T>;
  readonly settle: Settle<T>;
  /** Reporters' ids of appended facts, one for each event. */
  readonly clientIds?: readonly string[];
};

const evolveAll = <S, I>(
  kind: Kind<S, I>,
  before: S | null,
  events: readonly NewEvent[],
  at: string,
) => {
  let state = before;
  const steps: Step<S>[] = [];
  for (const event of events) {
    steps.push({ before: state, event });
    state = kind.evolve(state, event, at);
  }
  return { state, steps };
};

const pendingEffect = ({ id, session, generation, kind, ...payload }: Effect): PendingEffect => ({
  id,
  session,
  generation,
  kind,
  payload: JSON.stringify(payload),
});

const pendingEvents = (
  lane: Lane,
  decision: Decision,
  at: number,
  clientIds?: readonly string[],
): PendingEvent[] =>
  decision.events.map((event, index) => ({
    stream: lane.stream,
    seq: lane.seq + 1 + index,
    at,
    type: event.type,
    data: withinLimit(JSON.stringify(event.data), clientIds?.[index]),
    clientId: clientIds?.[index] ?? null,
  }));

/** What a told fact may have around its data: its type and who told it. */
const WRAPPING_BYTES = 512;

/** Measured here, where it is text anyway. Throws a Refusal; only told facts have a limit of their own. */
const withinLimit = (text: string, clientId: string | undefined): string => {
  const most = LIMITS.appendDataBytes + WRAPPING_BYTES;
  // A character is at most three bytes for each UTF-16 unit: short texts need no counting.
  if (clientId === undefined || text.length * 3 <= most || Buffer.byteLength(text) <= most)
    return text;
  throw refuse(
    "payload_too_large",
    `The data of ${clientId} is larger than ${LIMITS.appendDataBytes} bytes.`,
    "Put it into a file and report its path.",
  );
};

/** The lane runs ahead of the disk from here on; `forget` takes that back when the commit fails. */
const advanceLane = <S>(lane: Lane, state: S | null, events: readonly PendingEvent[]): void => {
  lane.state = state;
  lane.seq += events.length;
  lane.uncommitted++;
  for (const { clientId, seq } of events) if (clientId !== null) lane.pending.set(clientId, seq);
};

/**
 * Everything that may throw comes first: a decision that cannot be written down leaves the lane as it was.
 */
export const stageDecision = <S, I, T>(
  { lane, kind, decision, at, asking, settle, clientIds }: Staging<S, I, T>,
  claims: Claims,
  offer: (effects: readonly Effect[]) => void,
): Unit => {
  const now = instant(at);
  const before = lane.state as S | null;
  const { state, steps } = evolveAll(kind, before, decision.events, now);
  const after = state !== null && asking.amend !== undefined ? asking.amend(state) : state;
  const events = pendingEvents(lane, decision, at, clientIds);
  const answer = asking.answer(after as S, decision.result);
  const views = kind.write(after, steps, now, after !== before);
  const receipt = receiptOf(asking.receipt, answer, at);
  const effects = decision.effects.map(pendingEffect);
  const checkpoint = checkpointOf(lane, asking.checkpoint);

  advanceLane(lane, after, events);
  const taken = claims.take(decision.claims.take, lane.stream);
  const over = (): void => {
    lane.uncommitted--;
    for (const { clientId } of events) if (clientId !== null) lane.pending.delete(clientId);
    claims.settle(taken);
  };
  return {
    events,
    ...views,
    receipt,
    claims: taken,
    releases: claims.release(decision.claims.release, lane.stream),
    effects,
    leases: [],
    settled: [],
    checkpoint,
    committed: () => {
      over();
      settle.resolve(answer);
      if (decision.effects.length > 0) offer(decision.effects);
    },
    failed: (error) => {
      over();
      settle.reject(error);
    },
  };
};

const receiptOf = <T>(key: ReceiptKey | null | undefined, answer: T, at: number): Receipt | null =>
  key == null ? null : { ...key, result: JSON.stringify(answer), at };

const checkpointOf = <S, T>(lane: Lane, given: Asking<S, T>["checkpoint"]): Checkpoint | null =>
  given === undefined
    ? null
    : { session: lane.stream, generation: given.generation, value: JSON.stringify(given.value) };
