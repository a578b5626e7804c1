/** The hosts that sessions can run on, by name. Which ones a person added is recorded elsewhere; here they are in hand. */
import { LOCAL_HOST } from "@skein/contract";
import type { Host, Reach } from "@skein/sdk";

export type Hosts = {
  /** undefined: nobody added it, or it was removed. */
  get(name: string): Host | undefined;
  /** `local` first. */
  all(): readonly Host[];
  /** Takes a host in hand; one of that name must not be there. */
  add(host: Host): void;
  /** Lets go of it: whatever runs there goes on. No error when there is none. */
  remove(name: string): void;
  /** Calls `changed` whenever one of them goes out of reach or comes back. */
  onReach(changed: (host: Host, reach: Reach) => void): void;
};

export const makeHosts = (local: Host): Hosts => {
  const known = new Map<string, Host>([[LOCAL_HOST, local]]);
  const unwatch = new Map<string, () => void>();
  const listeners: ((host: Host, reach: Reach) => void)[] = [];
  return {
    get: (name) => known.get(name),
    all: () => [...known.values()],
    add: (host) => {
      known.set(host.id, host);
      const tell = (reach: Reach): void => listeners.forEach((run) => run(host, reach));
      unwatch.set(host.id, host.onReach(tell));
    },
    remove: (name) => {
      unwatch.get(name)?.();
      unwatch.delete(name);
      known.delete(name);
    },
    onReach: (changed) => void listeners.push(changed),
  };
};
