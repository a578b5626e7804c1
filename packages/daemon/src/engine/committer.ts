/**
 * Group commit: all that became ready in one turn of the event loop goes into one transaction; answers go out after it.
 *
 * Order: units are committed in the order they were given, events are published in the order of their positions, and a
 * unit is answered only after both. One commit is under way at a time. A commit that fails answers every unit of it with
 * the failure; nothing of it is kept.
 */
import type { Failpoint, Publish, Store, StoredEvent } from "./ports.ts";
import { joinUnits, type Unit } from "./unit.ts";

export type Committer = {
  add(unit: Unit): void;
  /** Resolves when all that was added has been answered. */
  drain(): Promise<void>;
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

  /** One transaction for each turn of the loop: what arrives while one is synced goes into the next. */
  const flush = async (): Promise<void> => {
    const units = waiting;
    waiting = [];
    try {
      await commit(units);
    } catch (error) {
      // What was decided meanwhile stands on what has just failed.
      const affected = [...units, ...waiting];
      waiting = [];
      deps.onFailure(error, affected);
      for (const unit of affected) unit.failed(error);
    }
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
