/**
 * Live words, gathered for a short while: what one item said in it becomes one delta. Nothing of it is kept; when much waits, it
 * goes out at once.
 */
import type { Delta } from "@skein/contract";
import type { FeedClock, FeedLimits } from "./limits.ts";

type Deltas = {
  add(delta: Delta): void;
  /** Drops what waits of an item. */
  settle(session: string, item: string): void;
  close(): void;
};

/** An item, whatever kind of words it says. */
export const itemKey = (session: string, item: string): string => `${session} ${item}`;

export const makeDeltas = (deps: {
  readonly clock: FeedClock;
  readonly limits: FeedLimits;
  /** In the order in which items began to speak. */
  readonly flush: (deltas: readonly Delta[]) => void;
}): Deltas => {
  const { clock, limits, flush } = deps;
  /** By item, then by kind. */
  const waiting = new Map<string, Map<Delta["kind"], Delta>>();
  let bytes = 0;
  let cancel: (() => void) | null = null;

  const stop = (): void => {
    cancel?.();
    cancel = null;
    waiting.clear();
    bytes = 0;
  };
  const send = (): void => {
    const deltas = [...waiting.values()].flatMap((kinds) => [...kinds.values()]);
    stop();
    if (deltas.length > 0) flush(deltas);
  };

  return {
    add(delta) {
      const key = itemKey(delta.session, delta.item);
      const kinds = waiting.get(key) ?? new Map<Delta["kind"], Delta>();
      const before = kinds.get(delta.kind);
      kinds.set(
        delta.kind,
        before === undefined ? delta : { ...delta, text: before.text + delta.text },
      );
      waiting.set(key, kinds);
      bytes += delta.text.length;
      if (bytes >= limits.deltaBytes) send();
      else cancel ??= clock.after(limits.deltaCoalesceMs, send);
    },
    settle(session, item) {
      const key = itemKey(session, item);
      for (const { text } of waiting.get(key)?.values() ?? []) bytes -= text.length;
      waiting.delete(key);
    },
    close: stop,
  };
};
