/**
 * The one door through which state changes: an input goes into the lane of its thing, is decided there by pure code, and
 * everything it changes goes to the disk in one transaction. Whoever asked is answered after that, never before.
 */
import { asRefusal, refuse } from "@skein/contract";
import type { Context, Effect } from "@skein/core";
import { knownFacts, sortFacts, type AppendedFact, type ToldFact } from "./appending.ts";
import { makeClaims, type Claims } from "./claims.ts";
import { makeCommitter, type Committer } from "./committer.ts";
import type { MakeId } from "./ids.ts";
import { instant } from "./instant.ts";
import type { Kind } from "./kind.ts";
import { makeLanes, type Lane, type Lanes } from "./lane.ts";
import { isStoreFailure, type Failpoint, type Publish, type Store } from "./ports.ts";
import { asProblem, shuttingDown } from "./problems.ts";
import { makeReceipts, type Receipts } from "./receipts.ts";
import { stageDecision, type Asking, type Staging } from "./stage.ts";

export type Engine = {
  readonly receipts: Receipts;
  /** Rejects with a Refusal: the decision's own, or storage_full, storage_failed, overloaded, shutting_down. */
  dispatch<S, I, T>(kind: Kind<S, I>, stream: string, input: I, asking: Asking<S, T>): Promise<T>;
  /** Records facts told by others; each clientId once. */
  append<S, I>(
    kind: Kind<S, I>,
    stream: string,
    facts: readonly ToldFact[],
    input: (fresh: readonly ToldFact[]) => I,
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

type EngineDeps = {
  readonly store: Store;
  readonly publish: Publish;
  readonly effects: (effects: readonly Effect[]) => void;
  readonly now: () => number;
  readonly id: MakeId;
  readonly failpoint: Failpoint;
  /** The disk can no longer be trusted: the daemon must end. */
  readonly fatal: (error: unknown) => void;
};

/** What the parts of the engine share. */
type Works = EngineDeps & {
  readonly lanes: Lanes;
  readonly claims: Claims;
  readonly committer: Committer;
};

/** Tries of a decision whose commit failed for something that is decided anew. */
const TRIES = 3;

const nothing: ReadonlySet<string> = new Set();

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

const load = async <S, I>({ store }: Works, lane: Lane, kind: Kind<S, I>): Promise<void> => {
  const state = await kind.load(store, lane.stream);
  const seq = await store.streamHead(lane.stream);
  lane.state = state;
  lane.seq = seq;
};

/** Times that a lane may be forgotten while one input looks things up. */
const LOOKS = 10;

/**
 * Looks things up for a decision and makes sure that the lane is loaded; again, when a commit failed meanwhile and the lane
 * was forgotten. After it resolves, what it gave and the lane's state belong together until the next await.
 */
const lookUp = async <S, I, T>(
  works: Works,
  lane: Lane,
  kind: Kind<S, I>,
  look: () => Promise<T>,
): Promise<T> => {
  for (let looks = 0; looks < LOOKS; looks++) {
    const { epoch } = lane;
    const found = await look();
    if (lane.state === undefined) await load(works, lane, kind);
    if (lane.epoch === epoch) return found;
  }
  throw refuse(
    "overloaded",
    `${lane.stream} could not be read in peace.`,
    "Try again in a moment.",
  );
};

const contextOf = (
  works: Works,
  actor: string,
  at: number,
  owner: string,
  held: ReadonlySet<string>,
): Context => ({
  now: instant(at),
  actor,
  id: works.id,
  taken: (name) => held.has(name) || works.claims.pending(name, owner),
});

const stage = <S, I, T>(works: Works, staging: Staging<S, I, T>): void => {
  works.committer.add(stageDecision(staging, works.claims, works.effects));
};

/** One input, when its turn in the lane comes. Rejects with a Refusal or a StoreFailure. */
const decideInLane = <S, I, T>(
  works: Works,
  kind: Kind<S, I>,
  stream: string,
  input: I,
  asking: Asking<S, T>,
): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    works.lanes.enter(stream, async (lane) => {
      try {
        const held = await lookUp(works, lane, kind, () =>
          works.claims.held(asking.names ?? [], stream),
        );
        const at = works.now();
        const decision = kind.decide(
          lane.state as S | null,
          input,
          contextOf(works, asking.actor, at, stream, held),
        );
        if (!decision.ok) return reject(asRefusal(decision.problem));
        stage(works, { lane, kind, decision, at, asking, settle: { resolve, reject } });
      } catch (error) {
        reject(error);
      }
    });
  });

const appendInLane = <S, I>(
  works: Works,
  kind: Kind<S, I>,
  stream: string,
  facts: readonly ToldFact[],
  input: (fresh: readonly ToldFact[]) => I,
  actor: string,
) =>
  new Promise<readonly AppendedFact[]>((resolve, reject) => {
    works.lanes.enter(stream, async (lane) => {
      try {
        const known = await lookUp(works, lane, kind, () => knownFacts(works.store, lane, facts));
        const { fresh, answer } = sortFacts(lane, facts, known);
        const at = works.now();
        const decision = kind.decide(
          lane.state as S | null,
          input(fresh),
          contextOf(works, actor, at, stream, nothing),
        );
        if (!decision.ok) return reject(asRefusal(decision.problem));
        const clientIds = fresh.map((fact) => fact.clientId);
        stage(works, {
          lane,
          kind,
          decision,
          at,
          asking: { actor, answer: () => answer },
          settle: { resolve, reject },
          clientIds,
        });
      } catch (error) {
        reject(error);
      }
    });
  });

/** Whether the disk can be trusted all the same. A conflict is a fact told twice, unless those were looked up already. */
const isPassing = (error: unknown, lanes: Lanes): boolean => {
  if (!isStoreFailure(error)) return false;
  const { store } = error;
  if (store.kind === "conflict") return !lanes.beCareful(store.stream);
  return store.kind === "full" || store.kind === "claimed";
};

/** What failed for someone else's claim, or a fact told before, is decided again on what is true now. */
const again = async <T>(isClosed: () => boolean, attempt: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    if (isClosed()) throw shuttingDown();
    try {
      return await attempt();
    } catch (error) {
      const mayTry = isStoreFailure(error) && ["claimed", "conflict"].includes(error.store.kind);
      if (tries >= TRIES || !mayTry) throw asProblem(error);
    }
  }
};

const makeWorks = (deps: EngineDeps): Works => {
  const lanes = makeLanes();
  const claims = makeClaims(deps.store);
  const committer = makeCommitter({
    store: deps.store,
    publish: deps.publish,
    failpoint: deps.failpoint,
    onFailure: (error, units) => {
      for (const unit of units) claims.settle(unit.claims);
      lanes.forget(new Set(units.flatMap((unit) => unit.events.map((event) => event.stream))));
      if (!isPassing(error, lanes)) deps.fatal(error);
    },
  });
  return { ...deps, lanes, claims, committer };
};

export const makeEngine = (deps: EngineDeps): Engine => {
  const works = makeWorks(deps);
  let closed = false;
  const isClosed = (): boolean => closed;
  return {
    receipts: makeReceipts(deps.store),
    dispatch: (kind, stream, input, asking) =>
      again(isClosed, () => decideInLane(works, kind, stream, input, asking)),
    append: (kind, stream, facts, input, actor) =>
      again(isClosed, () => appendInLane(works, kind, stream, facts, input, actor)),
    note: ({ leases = [], settled = [] }) =>
      new Promise((resolve, reject) => {
        const at = deps.now();
        works.committer.add({
          ...emptyUnit,
          leases: leases.map((id) => ({ id, at })),
          settled,
          committed: () => resolve(),
          failed: (error) => reject(asProblem(error)),
        });
      }),
    close: async () => {
      closed = true;
      await works.committer.drain();
    },
  };
};
