/**
 * One thread on one life of the server: hears its words, folds them, hands the facts to the recorder, and does what the
 * fold asks for. Words that come while the history is being read wait until it is.
 */
import { pause, hostAway, type Fact, type SessionContext } from "@skein/sdk";
import { catchUp, dropUnheard } from "./catch-up.ts";
import type { Death, Life, Listener } from "./life.ts";
import { makeRecorder, type Recorder } from "./recorder.ts";
import { isRpcFailure } from "./rpc.ts";
import { writeCheckpoint, type State } from "./state.ts";
import { pageOf, resumeThread } from "./thread.ts";
import {
  chain,
  endItems,
  folded,
  foldRequest,
  foldWord,
  giveUp,
  withdrawAll,
  type Order,
  type Folded,
} from "./translate.ts";
import { turnFailure } from "./turn-errors.ts";
import { makeWatch, type Watch } from "./watch.ts";
import type { Notification, ServerRequest, ThreadOpened } from "./wire.ts";

type Word = { readonly word: Notification } | { readonly request: ServerRequest };

export type Seat = {
  readonly ctx: SessionContext;
  readonly life: Life;
  readonly recorder: Recorder;
  readonly watch: Watch;
  /** Told once, after everything else: the server died, or the thread was taken away. */
  readonly onGone: () => void;
  /** Its own, to be taken off the life's list. */
  listener: Listener | null;
  state: State;
  /** `started` was told: written into the checkpoint. */
  started: boolean;
  /** What was sent may or may not have arrived: read the history before it is sent again. */
  doubtful: boolean;
  /** Nothing of it is heard or told any more. */
  gone: boolean;
  /** The server died, or the thread was taken away. */
  dead: boolean;
  /** Words that came while the history is being read; null when it is not. */
  held: Word[] | null;
};

/** So long after its answer the server has to ask its open questions again; it takes a few ms. */
const replayMs = 200;

const TAKEN: Readonly<Record<string, string>> = {
  "thread/closed": "Codex unloaded the conversation.",
  "thread/archived": "The conversation was archived in Codex.",
  "thread/deleted": "The conversation was deleted in Codex.",
};

export const apply = (seat: Seat, step: Folded): void => {
  seat.state = step.state;
  seat.recorder.add(step.facts);
  for (const delta of step.live) seat.ctx.live(delta);
  for (const order of step.orders)
    perform(seat, order).catch((error: unknown) =>
      seat.ctx.log("warn", `Codex did not answer: ${order.order}`, { error: String(error) }),
    );
  seat.watch.look();
};

/** Facts alone, with nothing folded. */
export const tell = (seat: Seat, facts: readonly Fact[]): void =>
  apply(seat, folded(seat.state, facts));

const perform = async (seat: Seat, order: Order): Promise<void> => {
  if (order.order === "answer-again") return seat.life.respond(order.request, order.answer);
  const { turn, thread } = seat.state;
  if (turn === null) return;
  if (order.order === "end-turn") {
    await seat.life.call("turn/interrupt", { threadId: thread, turnId: turn.id });
    return;
  }
  const answer = (await seat.life.call("account/read", {})) as {
    account: unknown;
    requiresOpenaiAuth?: boolean;
  };
  if (answer.account !== null || answer.requiresOpenaiAuth !== true) return;
  if (seat.state.turn?.id !== turn.id) return;
  apply(seat, giveUp(seat.state, turnFailure("login", "Codex is not logged in.")));
};

/** A later version may say a word in another form: that word is lost, not the session. false: nobody here can answer it. */
const hear = (seat: Seat, word: Word): boolean => {
  if (seat.held !== null) {
    seat.held.push(word);
    return true;
  }
  try {
    const step =
      "word" in word ? foldWord(seat.state, word.word) : foldRequest(seat.state, word.request);
    if (step === null) return false;
    apply(seat, step);
  } catch (error) {
    const { method } = "word" in word ? word.word : word.request;
    seat.ctx.log("warn", `a word of Codex was not understood: ${method}`, { error: String(error) });
  }
  return true;
};

const die = (seat: Seat, { exit, reason }: Death): void => {
  if (seat.gone) return;
  seat.gone = true;
  seat.dead = true;
  const turn = seat.state.turn?.id ?? "";
  const items = endItems(seat.state, turn, "interrupted");
  apply(
    seat,
    chain(items, (state) => withdrawAll(state, "The agent has ended.")),
  );
  const { exitCode, signal } = exit;
  seat.recorder.add([
    { fact: "exited", exitCode, signal, expected: false, unwitnessed: false, reason },
  ]);
  seat.recorder.seal();
  seat.watch.look();
  seat.onGone();
};

const takenAway = (seat: Seat, reason: string): void =>
  die(seat, { exit: { exitCode: null, signal: null, witnessed: true }, reason });

/** Reads the history again and tells what was missed, after `first`. */
export const rejoin = async (
  seat: Seat,
  first: (opened: ThreadOpened) => readonly Fact[] = () => [],
): Promise<ThreadOpened> => {
  seat.held = [];
  try {
    const opened = await resumeThread(seat.life, seat.ctx, seat.state.thread);
    const page = await pageOf(seat.ctx, opened);
    tell(seat, first(opened));
    apply(seat, catchUp({ ...seat.state, model: opened.model }, page));
    return opened;
  } finally {
    const missed = seat.held ?? [];
    seat.held = null;
    for (const word of missed) hear(seat, word);
    if (seat.state.unheard.size > 0)
      void pause(seat.ctx.backend.clock, replayMs).then(() =>
        seat.gone ? undefined : apply(seat, dropUnheard(seat.state)),
      );
  }
};

const makeListener = (seat: Seat): Listener => ({
  notification: (word) => {
    hear(seat, { word });
    const taken = TAKEN[word.method];
    if (taken !== undefined) takenAway(seat, taken);
  },
  request: (request) => hear(seat, { request }),
  back: () => {
    seat.doubtful = true;
    seat.watch.look();
    rejoin(seat).catch((error: unknown) => {
      // A connection that broke again comes back again, or the server has died.
      if (isRpcFailure(error)) takenAway(seat, `Codex lost it: ${error.rpc.message}`);
    });
  },
  died: (death) => die(seat, death),
});

/** Tells nothing more. */
export const leave = (seat: Seat): void => {
  seat.gone = true;
  seat.recorder.close();
  if (seat.listener !== null) seat.life.mute(seat.state.thread, seat.listener);
  seat.watch.look();
};

/**
 * Does it once there is a connection. Rejects with host_unreachable when the link was cut in the middle of it: it may or may not
 * have been done, and is safe to be done again.
 */
export const whenConnected = async (seat: Seat, act: () => Promise<void>): Promise<void> => {
  await seat.life.connected();
  try {
    await act();
  } catch (error) {
    if (seat.gone || isRpcFailure(error) || (await seat.life.liveness()) !== "unknown") throw error;
    throw hostAway(seat.ctx.backend.host.id);
  }
};

/** Whether it came true within `ms`; false at once when the thread is gone. */
export const until = (seat: Seat, test: () => boolean, ms: number): Promise<boolean> =>
  seat.watch.until(test, () => seat.gone, ms);

/** Listens from here on. */
export const takeSeat = (
  from: Pick<Seat, "ctx" | "life" | "onGone" | "state" | "started" | "doubtful">,
): Seat => {
  const recorder = makeRecorder({
    report: from.ctx.report,
    checkpoint: () => writeCheckpoint(seat.state, { server: seat.life.ref, started: seat.started }),
    hold: from.life.pause,
    release: from.life.resume,
    refused: (error) => {
      from.ctx.log("info", "the daemon takes no more facts of this generation", {
        error: String(error),
      });
      leave(seat);
    },
  });
  const watch = makeWatch(from.ctx.backend.clock);
  const seat: Seat = {
    ...from,
    recorder,
    watch,
    listener: null,
    gone: false,
    dead: false,
    held: null,
  };
  seat.listener = makeListener(seat);
  from.life.listen(from.state.thread, seat.listener);
  return seat;
};
