/** How a session comes to its thread: as the last daemon left it, out of the past, as a copy, or new. */
import type { Fact, SessionContext } from "@skein/sdk";
import { catchUp, skipHistory } from "./catch-up.ts";
import type { Life } from "./life.ts";
import { apply, leave, rejoin, takeSeat, tell, type Seat } from "./seat.ts";
import { isLostThread } from "./start-failure.ts";
import { freshState, restoreState, type Checkpoint, type State } from "./state.ts";
import {
  forkThread,
  newestTurns,
  pageOf,
  quietThread,
  resumeThread,
  startThread,
  turnsOf,
} from "./thread.ts";
import { folded } from "./translate.ts";
import { NO_TOKENS } from "./usage.ts";
import type { ThreadOpened } from "./wire.ts";

export type Opening = {
  readonly seat: Seat;
  readonly opened: ThreadOpened;
  readonly adopted: boolean;
};

export type Opener = {
  readonly ctx: SessionContext;
  readonly checkpoint: Checkpoint | null;
  readonly onGone: () => void;
};

type Named = { readonly thread: { readonly id: string } };

const sit = (opener: Opener, life: Life, state: State): Seat =>
  takeSeat({ ...opener, life, state, started: false, doubtful: false });

export const sameLife = (life: Life, checkpoint: Checkpoint): boolean =>
  life.ref.pid === checkpoint.server.pid && life.ref.started === checkpoint.server.started;

/** The thread of this generation, on the server that it ran on: what happened since is told after `first`. */
export const openAgain = async (
  opener: Opener,
  life: Life,
  checkpoint: Checkpoint,
  first?: (opened: ThreadOpened) => readonly Fact[],
): Promise<Opening> => {
  const { turn } = opener.ctx;
  const state = restoreState(checkpoint);
  const doubtful = turn !== null && !turn.accepted;
  const seat = takeSeat({
    ...opener,
    life,
    state: doubtful ? { ...state, handed: { turn: turn.id } } : state,
    started: checkpoint.started,
    doubtful,
  });
  try {
    return { seat, opened: await rejoin(seat, first), adopted: true };
  } catch (error) {
    leave(seat);
    throw error;
  }
};

const openNew = async (opener: Opener, life: Life): Promise<Opening> => {
  const seats: Seat[] = [];
  const take = ({ thread }: Named): Seat => {
    const seat = seats[0] ?? sit(opener, life, freshState(thread.id, NO_TOKENS));
    seats[0] = seat;
    return seat;
  };
  const opened = await startThread(life, opener.ctx, take);
  return { seat: take(opened), opened, adopted: false };
};

const openCopy = async (opener: Opener, life: Life, from: string): Promise<Opening> => {
  const seats: Seat[] = [];
  const take = ({ thread }: Named): Seat => {
    const seat = seats[0] ?? sit(opener, life, freshState(thread.id, null));
    seats[0] = seat;
    return seat;
  };
  const opened = await forkThread(life, opener.ctx, from, take);
  const seat = take(opened);
  const past = await newestTurns(life, opened.thread.id).catch(() => []);
  apply(seat, folded(skipHistory(seat.state, past)));
  return { seat, opened, adopted: false };
};

/** A thread of an earlier generation. What that one missed is told as far as it is items: its turns ended with it. */
const openPast = async (opener: Opener, life: Life, threadId: string): Promise<Opening> => {
  const { ctx, checkpoint } = opener;
  await quietThread(life, ctx, threadId).catch(() => undefined);
  const opened = await resumeThread(life, ctx, threadId);
  const page = await pageOf(ctx, opened);
  const past = checkpoint?.thread === threadId ? restoreState(checkpoint) : null;
  const missed = past === null ? [] : catchUp(past, page).facts;
  const fresh = freshState(threadId, page.totals ?? past?.totals ?? null);
  const seat = sit(opener, life, skipHistory(fresh, turnsOf(opened)));
  tell(
    seat,
    missed.filter(({ fact }) => fact === "item"),
  );
  return { seat, opened, adopted: false };
};

/** Rejects with what the server or the host said; nothing listens then. */
export const openThread = async (opener: Opener, life: Life): Promise<Opening> => {
  const { ctx, checkpoint } = opener;
  const { providerSessionId, forkFrom } = ctx.session;
  if (checkpoint !== null && sameLife(life, checkpoint)) {
    try {
      return await openAgain(opener, life, checkpoint);
    } catch (error) {
      // Without a name and a turn a thread is gone with its last connection: nothing was in it.
      if (checkpoint.started || !isLostThread(error)) throw error;
    }
  } else if (providerSessionId !== null) return openPast(opener, life, providerSessionId);
  if (ctx.how === "fork" && forkFrom !== null) return openCopy(opener, life, forkFrom);
  return openNew(opener, life);
};
