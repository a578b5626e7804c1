/** The common beat of all connections: a tick, a ping, and a look whether each credential still stands. */
import { problemOf } from "../problems.ts";
import type { Log } from "../log.ts";
import type { ServerClock } from "../settings.ts";
import type { Connection } from "./connection.ts";
import { encodePulse } from "./frames.ts";

/** Connections that are served before the loop may do something else. */
const SLICE = 200;

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The returned function stops it. */
export const startPulse = (
  deps: { readonly clock: ServerClock; readonly everyMs: number; readonly log: Log },
  connections: ReadonlySet<Connection>,
): (() => void) => {
  const { clock, everyMs, log } = deps;
  let cancel = (): void => {};

  const beat = async (): Promise<void> => {
    const frame = encodePulse(clock.now());
    let served = 0;
    for (const connection of connections) {
      connection.beat(frame);
      connection.recheck().catch((error: unknown) => problemOf(error, false, "recheck", log));
      if (++served % SLICE === 0) await breathe();
    }
  };
  const later = (): void => {
    cancel = clock.after(everyMs, () => {
      later();
      void beat();
    });
  };
  later();
  return () => cancel();
};
