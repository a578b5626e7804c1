/** The hosts that sessions can run on, by name. Which ones a person added is recorded elsewhere; here they are in hand. */
import { LOCAL_HOST } from "@skein/contract";
import type { Host, Reach } from "@skein/sdk";

/** A host with the link to it. */
export type LinkedHost = {
  readonly host: Host;
  /** Resolves when the first try to reach it is over, whatever came of it. */
  readonly tried: Promise<void>;
  /** Connects anew, beside a connection that stands. Rejects with an AdapterFailure that says why it could not. */
  reachNow(): Promise<void>;
  /** Ends the link; whatever runs there goes on. Never rejects. */
  close(): Promise<void>;
};

export type Hosts = {
  /** undefined: nobody added it, or it was removed. */
  get(name: string): Host | undefined;
  linked(name: string): LinkedHost | undefined;
  /** `local` first. */
  all(): readonly Host[];
  /** Takes a host in hand. Throws when one of that name is there: its link would be nobody's. */
  add(linked: LinkedHost): void;
  /** Lets go of it: whatever runs there goes on. No error when there is none. */
  remove(name: string): Promise<void>;
  /** Calls `changed` whenever one of them goes out of reach or comes back. */
  onReach(changed: (host: Host, reach: Reach) => void): void;
  /** The daemon leaves: lets go of all. */
  close(): Promise<void>;
};

export const makeHosts = (local: Host): Hosts => {
  const done = async (): Promise<void> => undefined;
  const here = { host: local, tried: Promise.resolve(), reachNow: done, close: done };
  const known = new Map<string, LinkedHost>([[LOCAL_HOST, here]]);
  const unwatch = new Map<string, () => void>();
  const listeners: ((host: Host, reach: Reach) => void)[] = [];
  const remove = async (name: string): Promise<void> => {
    const found = known.get(name);
    unwatch.get(name)?.();
    unwatch.delete(name);
    known.delete(name);
    await found?.close();
  };
  return {
    get: (name) => known.get(name)?.host,
    linked: (name) => known.get(name),
    all: () => [...known.values()].map(({ host }) => host),
    add: (linked) => {
      const { host } = linked;
      if (known.has(host.id)) throw new Error(`The host ${host.id} is in hand already.`);
      known.set(host.id, linked);
      const tell = (reach: Reach): void => listeners.forEach((run) => run(host, reach));
      unwatch.set(host.id, host.onReach(tell));
    },
    remove,
    onReach: (changed) => void listeners.push(changed),
    close: async () => {
      await Promise.all([...known.keys()].filter((name) => name !== LOCAL_HOST).map(remove));
    },
  };
};
