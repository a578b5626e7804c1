/**
 * Group commit: all that became ready in one turn of the event loop goes into one transaction; answers go out after it.
 *
 * Order: units are committed in the order they were given, events are published in the order of their positions, and a
 * unit is answered only after both. One commit is under way at a time. A commit that fails is not kept, nothing of it: its units
 * are answered with the failure; where it failed for one thing alone (a claim, a stream), the others are committed anew.
 */
import {
  isStoreFailure,
  type Failpoint,
  type Publish,
  type Store,
  type StoredEvent,
} from "./ports.ts";
import { joinUnits, type Unit } from "./unit.ts";

export type Committer = {
  add(unit: Unit): void;
  /** Resolves when all that was added has been answered. */
  drain(): Promise<void>;
};

const streamOf = (unit: Unit): string | undefined => unit.events[0]?.stream;

/** The one thing that a commit failed for; null when it failed for all. */
const culprit = (error: unknown, units: readonly Unit[]): string | null => {
  if (!isStoreFailure(error)) return null;
  const { store } = error;
  if (store.kind === "conflict")
    return units.some((unit) => streamOf(unit) === store.stream) ? store.stream : null;
  if (store.kind !== "claimed") return null;
  const { space, key, owner } = store.claim;
  const claims = (unit: Unit): boolean =>
    unit.claims.some((one) => one.space === space && one.key === key && one.owner === owner);
  return streamOf(units.find(claims) ?? units[0]!) ?? null;
};

export const makeCommitter = (deps: {
  readonly store: Pick<Store, "commit">;
  readonly publish: Publish;
  readonly failpoint: Failpoint;
  /** Told of each failed commit before its units are, so that what was decided on top of it can be forgotten. */
  readonly onFailure: (error: unknown, units: readonly Unit[]) => void;
}): Committer => {
  let waiting: Unit[] = [];
  let running = false;
  let idle: (() => void)[] = [];

  const commit = async (units: readonly Unit[]): Promise<void> => {
    const batch = joinUnits(units);
    const { position } = await deps.store.commit(batch);
    if (batch.events.length > 0) {
      const stored: StoredEvent[] = batch.events.map(({ clientId: _, ...event }, index) => ({
        ...event,
        position: position + index,
      }));
      deps.failpoint("publish", "before");
      deps.publish(stored);
      deps.failpoint("publish", "after");
    }
    deps.failpoint("acknowledge", "before");
    for (const unit of units) unit.committed();
    deps.failpoint("acknowledge", "after");
  };

  const fail = (error: unknown, units: readonly Unit[]): void => {
    deps.onFailure(error, units);
    for (const unit of units) unit.failed(error);
  };

  /** What is in the way of one thing alone fails with that thing; the others of the batch are committed without it. */
  const commitAll = async (units: readonly Unit[]): Promise<void> => {
    let left = units;
    while (left.length > 0) {
      try {
        return await commit(left);
      } catch (error) {
        const stream = culprit(error, left);
        // What was decided meanwhile stands on what has just failed.
        const failed = [...left, ...waiting].filter(
          (unit) => stream === null || streamOf(unit) === stream,
        );
        left = left.filter((unit) => !failed.includes(unit));
        waiting = waiting.filter((unit) => !failed.includes(unit));
        fail(error, failed);
      }
    }
  };

  /** One transaction for each turn of the loop: what arrives while one is synced goes into the next. */
  const flush = async (): Promise<void> => {
    const units = waiting;
    waiting = [];
    await commitAll(units);
    if (waiting.length > 0) {
      setImmediate(() => void flush());
      return;
    }
    running = false;
    for (const resolve of idle) resolve();
    idle = [];
  };

  return {
    add: (unit) => {
      waiting.push(unit);
      if (running) return;
      running = true;
      setImmediate(() => void flush());
    },
    drain: () => (running ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
  };
};
