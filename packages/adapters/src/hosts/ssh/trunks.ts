/**
 * Room for channels. sshd allows a connection ten sessions unless it is told otherwise (MaxSessions, OpenSSH 9.2), and one of
 * them the connection needs for itself: a host on which much goes on gets further connections, each for as long as it is needed.
 */
import type { AdapterFailure } from "@skein/sdk";
import type { Master } from "./master.ts";

const PLACES = 8;
/** Of the first connection, for what is over soon: it must never wait for a connection to be made. */
const KEPT_FREE = 2;
const CONNECTIONS = 16;

/** `soon`: over within moments. `lasting`: for as long as someone listens. */
export type Wanted = "soon" | "lasting";

export type Place = {
  readonly control: string;
  /** Resolves when the connection is gone. */
  readonly gone: Promise<AdapterFailure>;
  /** sshd allows no more here: there are fewer places than was thought. */
  refused(): void;
  /** Safe to call twice. */
  leave(): void;
};

type Trunk = {
  readonly master: Master;
  readonly isFirst: boolean;
  places: number;
  taken: number;
};

type Trunks = {
  add(master: Master): void;
  /** The first connection, which stands for as long as the host is reachable. Rejects with an AdapterFailure when there is none. */
  first(): Promise<Pick<Place, "control" | "gone">>;
  /** Rejects with an AdapterFailure when there is no room, nor can be. */
  take(wanted: Wanted): Promise<Place>;
  /** The first connection is gone; the others are let go as well, and the one that is being made. */
  clear(): void;
};

const placeIn = (trunk: Trunk, leave: () => void, refused: () => void): Place => {
  trunk.taken += 1;
  let isLeft = false;
  return {
    control: trunk.master.control,
    gone: trunk.master.gone,
    refused: () => {
      trunk.places = Math.min(trunk.places, isLeft ? trunk.taken : trunk.taken - 1);
      refused();
    },
    leave: () => {
      if (!isLeft) leave();
      isLeft = true;
    },
  };
};

/** The one further connection that is being made. */
const makeComing = (start: () => Master, add: (master: Master) => void) => {
  let coming: { readonly master: Master; readonly opened: Promise<void> } | null = null;
  const begin = (): Promise<void> => {
    const master = start();
    const isMine = (): boolean => coming?.master === master;
    const opened = master.ready
      .then(() => {
        if (isMine()) add(master);
      })
      .finally(() => {
        if (isMine()) coming = null;
      });
    coming = { master, opened };
    return opened;
  };
  return {
    now: () => coming?.opened ?? null,
    begin,
    forget: (): void => {
      coming?.master.close();
      coming = null;
    },
  };
};

/** `barren`: what is said when sshd allows no channel at all. */
export const makeTrunks = (start: () => Master, barren: () => AdapterFailure): Trunks => {
  let trunks: Trunk[] = [];
  let waiting: (() => void)[] = [];
  let lost: Promise<AdapterFailure> | null = null;
  let isBarren = false;

  const wake = (): void => {
    const all = waiting;
    waiting = [];
    for (const run of all) run();
  };
  const drop = (trunk: Trunk): void => {
    trunks = trunks.filter((one) => one !== trunk);
    wake();
  };
  const add = (master: Master, isFirst: boolean): void => {
    const trunk: Trunk = { master, places: PLACES, taken: 0, isFirst };
    trunks.push(trunk);
    void master.gone.then(() => drop(trunk));
  };
  const leave = (trunk: Trunk): void => {
    trunk.taken -= 1;
    if (trunk.taken === 0 && !trunk.isFirst) {
      drop(trunk);
      trunk.master.close();
    }
    wake();
  };
  const coming = makeComing(start, (master) => add(master, false));
  const isFree = (trunk: Trunk, wanted: Wanted): boolean =>
    trunk.taken < trunk.places - (wanted === "lasting" && trunk.isFirst ? KEPT_FREE : 0);

  /** The others are only ever beside it. */
  const first = async (): Promise<Master> => {
    const found = trunks.find((one) => one.isFirst);
    if (found === undefined) throw await (lost ?? Promise.resolve(barren()));
    return found.master;
  };

  return {
    first,
    add: (master) => {
      lost = master.gone;
      isBarren = false;
      add(master, true);
    },
    take: async (wanted) => {
      for (;;) {
        await first();
        if (isBarren) throw barren();
        const free = trunks.find((one) => isFree(one, wanted));
        if (free !== undefined)
          return placeIn(
            free,
            () => leave(free),
            () => (isBarren ||= free.places === 0),
          );
        const opening = coming.now();
        if (opening !== null || trunks.length < CONNECTIONS) await (opening ?? coming.begin());
        else await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    clear: () => {
      const all = trunks;
      trunks = [];
      coming.forget();
      for (const one of all) one.master.close();
      wake();
    },
  };
};
