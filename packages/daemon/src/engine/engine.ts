/**
 * The one door through which state changes: an input goes into the lane of its thing, is decided there by pure code, and
 * everything it changes goes to the disk in one transaction. Whoever asked is answered after that, never before.
 */
import { asRefusal, refuse, type NewEvent } from "@skein/contract";
import type { Context, Decision, Effect } from "@skein/core";
import type { MakeId } from "./ids.ts";
import type { Kind, Step } from "./kind.ts";
import { makeClaims } from "./claims.ts";
import { makeCommitter } from "./committer.ts";
import { makeLanes, type Lane } from "./lane.ts";
import {
  isStoreFailure,
  type Failpoint,
  type PendingEvent,
  type Publish,
  type Store,
} from "./ports.ts";
import { makeReceipts, type ReceiptKey, type Receipts } from "./receipts.ts";
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

export type AppendedFact = {
  readonly clientId: string;
  readonly seq: number;
  readonly repeated: boolean;
};

export type Engine = {
  readonly receipts: Receipts;
  /** Rejects with a Refusal: the decision's own, or storage_full, storage_failed, overloaded, shutting_down. */
  dispatch<S, I, T>(kind: Kind<S, I>, stream: string, input: I, asking: Asking<S, T>): Promise<T>;
  /** Records facts told by others; each clientId once. */
  append<S, I>(
    kind: Kind<S, I>,
    stream: string,
    facts: readonly { readonly type: string; readonly data: unknown; readonly clientId: string }[],
    input: (fresh: readonly { readonly type: string; readonly data: unknown }[]) => I,
    actor: string,
  ): Promise<readonly AppendedFact[]>;
  /** Notes that effects begin or are over. */
  note(change: {
    readonly leases?: readonly string[];
    readonly settled?: readonly string[];
  }): Promise<void>;
  /** Refuses what comes from now on; resolves when all that came before is answered. */
  close(): Promise<void>;
};

export type EngineDeps = {
  readonly store: Store;
  readonly publish: Publish;
  readonly effects: (effects: readonly Effect[]) => void;
  readonly now: () => number;
  readonly id: MakeId;
  readonly failpoint: Failpoint;
  /** The disk can no longer be trusted: the daemon must end. */
  readonly fatal: (error: unknown) => void;
};

/** Tries of a decision whose commit failed because of someone else's claim. */
const TRIES = 3;

export const makeEngine = (deps: EngineDeps): Engine => {
  const { store } = deps;
  const lanes = makeLanes();
  const claims = makeClaims(store);
  let closed = false;

  const committer = makeCommitter({
    store,
    publish: deps.publish,
    failpoint: deps.failpoint,
    onFailure: (error, units) => {
      for (const unit of units) claims.settle(unit.claims);
      lanes.forget(new Set(units.flatMap((unit) => unit.events.map((event) => event.stream))));
      if (
        !isStoreFailure(error) ||
        error.store.kind === "conflict" ||
        error.store.kind === "broken"
      )
        deps.fatal(error);
    },
  });

  const load = async <S, I>(lane: Lane, kind: Kind<S, I>): Promise<void> => {
    const state = await kind.load(store, lane.stream);
    lane.seq = await store.streamHead(lane.stream);
    lane.state = state;
  };

  const contextFor = (
    actor: string,
    now: string,
    owner: string,
    held: ReadonlySet<string>,
  ): Context => ({
    now,
    actor,
    id: deps.id,
    taken: (name) => held.has(name) || claims.pending(name, owner),
  });

  /** Applies a decision to the lane and hands it to the next commit. */
  const stage = <S, I, T>(
    lane: Lane,
    kind: Kind<S, I>,
    decision: Decision,
    at: number,
    asking: Asking<S, T>,
    settle: Settle<T>,
    clientIds?: readonly string[],
  ): void => {
    const now = new Date(at).toISOString();
    const before = lane.state as S | null;
    const { state, steps } = evolveAll(kind, before, decision.events, now);
    const after = state !== null && asking.amend !== undefined ? asking.amend(state) : state;
    const first = lane.seq + 1;
    const events: PendingEvent[] = decision.events.map((event, index) => ({
      stream: lane.stream,
      seq: first + index,
      at,
      type: event.type,
      data: JSON.stringify(event.data),
      clientId: clientIds?.[index] ?? null,
    }));
    lane.state = after;
    lane.seq += events.length;
    lane.uncommitted++;
    clientIds?.forEach((id, index) => lane.pending.set(id, first + index));
    const answer = asking.answer(after as S, decision.result);
    const taken = claims.take(decision.claims.take, lane.stream);
    const over = (): void => {
      lane.uncommitted--;
      clientIds?.forEach((id) => lane.pending.delete(id));
      claims.settle(taken);
    };
    const unit: Unit = {
      events,
      ...kind.write(after, steps, now, after !== before),
      receipt:
        asking.receipt == null ? null : { ...asking.receipt, result: JSON.stringify(answer), at },
      claims: taken,
      releases: claims.release(decision.claims.release, lane.stream),
      effects: decision.effects.map(({ id, session, generation, kind: effect, ...payload }) => ({
        id,
        session,
        generation,
        kind: effect,
        payload: JSON.stringify(payload),
      })),
      leases: [],
      settled: [],
      checkpoint:
        asking.checkpoint === undefined
          ? null
          : {
              session: lane.stream,
              generation: asking.checkpoint.generation,
              value: JSON.stringify(asking.checkpoint.value),
            },
      committed: () => {
        over();
        settle.resolve(answer);
        if (decision.effects.length > 0) deps.effects(decision.effects);
      },
      failed: (error) => {
        over();
        settle.reject(error);
      },
    };
    committer.add(unit);
  };

  const attempt = <S, I, T>(
    kind: Kind<S, I>,
    stream: string,
    input: I,
    asking: Asking<S, T>,
  ): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      lanes.enter(stream, async (lane) => {
        try {
          if (lane.state === undefined) await load(lane, kind);
          const held = asking.names === undefined ? none : await claims.held(asking.names, stream);
          const at = deps.now();
          const context = contextFor(asking.actor, new Date(at).toISOString(), stream, held);
          const decision = kind.decide(lane.state as S | null, input, context);
          if (!decision.ok) reject(asRefusal(decision.problem));
          else stage(lane, kind, decision, at, asking, { resolve, reject });
        } catch (error) {
          reject(error);
        }
      });
    });

  const dispatch: Engine["dispatch"] = async (kind, stream, input, asking) => {
    if (closed) throw shuttingDown();
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(kind, stream, input, asking);
      } catch (error) {
        if (tries >= TRIES || !isStoreFailure(error) || error.store.kind !== "claimed")
          throw asProblem(error);
      }
    }
  };

  const append: Engine["append"] = (kind, stream, facts, input, actor) => {
    if (closed) return Promise.reject(shuttingDown());
    return new Promise((resolve, reject) => {
      lanes.enter(stream, async (lane) => {
        try {
          if (lane.state === undefined) await load(lane, kind);
          const known = await store.reported(
            stream,
            facts.map((fact) => fact.clientId),
          );
          const seqs = new Map(known);
          for (const fact of facts) {
            const seq = lane.pending.get(fact.clientId);
            if (seq !== undefined) seqs.set(fact.clientId, seq);
          }
          const fresh = uniqueFacts(facts, seqs);
          const repeated = new Set(seqs.keys());
          fresh.forEach((fact, index) => seqs.set(fact.clientId, lane.seq + 1 + index));
          const answer = facts.map(({ clientId }) => ({
            clientId,
            seq: seqs.get(clientId) ?? 0,
            repeated: repeated.has(clientId),
          }));
          const at = deps.now();
          const decision = kind.decide(
            lane.state as never,
            input(fresh),
            contextFor(actor, new Date(at).toISOString(), stream, none),
          );
          if (!decision.ok) return reject(asRefusal(decision.problem));
          const settle = { resolve, reject: (error: unknown) => reject(asProblem(error)) };
          stage(
            lane,
            kind,
            decision,
            at,
            { actor, answer: () => answer },
            settle,
            fresh.map((fact) => fact.clientId),
          );
        } catch (error) {
          reject(asProblem(error));
        }
      });
    });
  };

  return {
    receipts: makeReceipts(store),
    dispatch,
    append,
    note: ({ leases = [], settled = [] }) =>
      new Promise((resolve, reject) => {
        const at = deps.now();
        committer.add({
          ...emptyUnit,
          leases: leases.map((id) => ({ id, at })),
          settled,
          committed: () => resolve(),
          failed: (error) => reject(asProblem(error)),
        });
      }),
    close: async () => {
      closed = true;
      await committer.drain();
    },
  };
};

type Settle<T> = {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
};

const none: ReadonlySet<string> = new Set();

const emptyUnit = {
  events: [],
  rows: [],
  items: [],
  turns: [],
  receipt: null,
  claims: [],
  releases: [],
  effects: [],
  leases: [],
  settled: [],
  checkpoint: null,
} as const;

const evolveAll = <S, I>(
  kind: Kind<S, I>,
  before: S | null,
  events: readonly NewEvent[],
  at: string,
): { state: S | null; steps: Step<S>[] } => {
  let state = before;
  const steps: Step<S>[] = [];
  for (const event of events) {
    steps.push({ before: state, event });
    state = kind.evolve(state, event, at);
  }
  return { state, steps };
};

/** The first of each client id that is not recorded yet. */
const uniqueFacts = <F extends { readonly clientId: string }>(
  facts: readonly F[],
  known: ReadonlyMap<string, number>,
): F[] => {
  const seen = new Set<string>();
  return facts.filter(
    ({ clientId }) => !known.has(clientId) && !seen.has(clientId) && seen.add(clientId),
  );
};

const shuttingDown = () =>
  refuse(
    "shutting_down",
    "The daemon is stopping.",
    "Start it again with `skein up`, then repeat.",
  );

/** What a caller is told when the disk did not take it. */
const asProblem = (error: unknown): unknown => {
  if (!isStoreFailure(error)) return error;
  if (error.store.kind === "full") {
    return refuse(
      "storage_full",
      "The disk is full; nothing was recorded.",
      "Free some space where the state folder lies, then repeat: no restart is needed.",
    );
  }
  if (error.store.kind === "claimed") {
    const name = error.store.claim.key;
    return refuse(
      "name_taken",
      `The name ${name} is in use.`,
      "Choose another name, or leave it out to get one.",
      { name },
    );
  }
  return refuse(
    "storage_failed",
    "The disk failed; nothing was recorded.",
    `Look at the log with \`skein doctor\`, then start the daemon again. (${error.message})`,
  );
};
