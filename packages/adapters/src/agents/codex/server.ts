/**
 * The app-server of one CODEX_HOME: at most one, however many sessions ask for it at once. It lives as long as it has
 * members, and a little longer. Starting, adopting and ending take turns.
 */
import { isAdapterFailure, isHostAway, type BackendContext } from "@skein/sdk";
import { makeLife, type Life } from "./life.ts";
import { adoptProcess, clear, placeOf, startProcess, type Place } from "./process.ts";

export type Server = {
  /** From now on in this surrounding: the command may have been installed or configured since. */
  use(backend: BackendContext): void;
  /** Adopts the one that runs, else starts one. Rejects with an AdapterFailure; nothing is left behind then. */
  start(): Promise<Life>;
  /** null: none runs. Rejects with an AdapterFailure when one runs that cannot be reached. */
  adopt(): Promise<Life | null>;
  /** Sessions that need it, by id. */
  enter(session: string): void;
  /** `now`: without lingering, when it was the last. */
  leave(session: string, now?: boolean): Promise<void>;
  /** The daemon leaves. A server that nobody needs is ended, any other goes on. */
  close(): Promise<void>;
};

/** So long a server is kept for the next session. */
const LINGER_MS = 2_500;
/** Between two attempts to end one whose host is away. */
const AWAY_MS = 60_000;
/** So long the sessions of the last daemon have to come back to one that was found running. */
const CLAIM_MS = 5_000;

const makeTurns = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
};

type House = { backend: BackendContext; readonly place: Place; life: Life | null };

const hold = (house: House, found: Life): Life => {
  house.life = found;
  void found.died.then(() => {
    if (house.life === found) house.life = null;
  });
  return found;
};

/** What comes of a process that runs. Rejects when it cannot be told whether one does. */
type Meet = (life: Promise<Life>) => Promise<Life | null>;

const find = async (house: House, meet: Meet = (life) => life): Promise<Life | null> => {
  const { backend, place } = house;
  if (house.life !== null && !house.life.isOver()) return house.life;
  // Its leftovers are being removed.
  await house.life?.died;
  const process = await adoptProcess(backend, place);
  if (process === null) return null;
  backend.log("info", "found Codex's app-server running", { pid: process.process.pid });
  const life = await meet(makeLife({ backend, place, process }));
  return life === null ? null : hold(house, life);
};

/** One that does not answer is of no use to anyone: it is replaced. */
const findOrReplace = (house: House): Promise<Life | null> =>
  find(house, (life) =>
    life.catch((error: unknown) => {
      if (isHostAway(error)) throw error;
      house.backend.log("warn", "Codex's app-server runs and cannot be reached: it is replaced", {
        error: String(error),
      });
      return null;
    }),
  );

const begin = async (house: House): Promise<Life> => {
  const { backend, place } = house;
  const process = await startProcess(backend, place);
  try {
    return hold(house, await makeLife({ backend, place, process }));
  } catch (error) {
    // Its host went away meanwhile: it goes on there, and is found when that is back.
    if (isHostAway(error)) await process.close();
    else {
      await process.terminate(0);
      await clear(backend, place);
    }
    throw error;
  }
};

const end = async (house: House): Promise<void> => {
  if (house.life === null) return;
  await house.life.end();
  house.life = null;
};

export const makeServer = (backend: BackendContext): Server => {
  const house: House = { backend, place: placeOf(backend), life: null };
  const inTurn = makeTurns();
  const members = new Set<string>();
  let stopLinger = (): void => undefined;
  const endUnused = async (): Promise<void> => (members.size === 0 ? end(house) : undefined);
  const linger = (ms: number): void => {
    stopLinger();
    stopLinger = backend.clock.after(ms, () => {
      inTurn(endUnused).catch((error: unknown) => {
        backend.log("error", "Codex's app-server could not be ended", { error: String(error) });
        if (isAdapterFailure(error) && error.failure.retryable) linger(AWAY_MS);
      });
    });
  };
  return {
    use: (newest) => {
      house.backend = newest;
    },
    start: () => inTurn(async () => (await findOrReplace(house)) ?? begin(house)),
    adopt: () =>
      inTurn(async () => {
        const known = house.life;
        const found = await find(house);
        if (found !== null && known === null && members.size === 0) linger(CLAIM_MS);
        return found;
      }),
    enter: (session) => {
      members.add(session);
      stopLinger();
    },
    leave: async (session, now = false) => {
      members.delete(session);
      if (members.size > 0) return;
      if (now) await inTurn(endUnused);
      else linger(LINGER_MS);
    },
    close: () =>
      inTurn(async () => {
        stopLinger();
        await endUnused().catch((error: unknown) =>
          backend.log("warn", "Codex's app-server is left running", { error: String(error) }),
        );
        await house.life?.letGo();
        house.life = null;
      }),
  };
};
