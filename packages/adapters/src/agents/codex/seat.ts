/**
 * One thread on one life of the server: hears its words, folds them, hands the facts to the recorder, and does what the
 * fold asks for. Words that come while the history is being read wait until it is.
 */
import type { Fact, SessionContext } from "@skein/sdk";
import { catchUp, dropUnheard } from "./catch-up.ts";
import type { Death, Life, Listener } from "./life.ts";
import { pause } from "./process.ts";
import { isRpcFailure } from "./rpc.ts";
import { makeRecorder, type Recorder } from "./recorder.ts";
import { writeCheckpoint, type State } from "./state.ts";
import { pageOf, resumeThread } from "./thread.ts";
import {
  folded,
  foldRequest,
  foldWord,
  giveUp,
  withdrawAll,
  type Deed,
  type Folded,
} from "./translate.ts";
import { turnFailure } from "./turn-errors.ts";
import type { Notification, ServerRequest, ThreadOpened } from "./wire.ts";

export type Seat = {
  readonly life: Life;
  readonly recorder: Recorder;
  state(): State;
  apply(step: Folded): void;
  /** Whether it came true within `ms`; false at once when the thread is gone. */
  until(test: () => boolean, ms: number): Promise<boolean>;
  /** Reads the history again and tells what was missed. */
  rejoin(): Promise<ThreadOpened>;
  /** From now on `started` is in the checkpoint. */
  settle(): void;
  /** The connection broke since: what was sent may or may not have arrived. */
  isDoubtful(): boolean;
  clearDoubt(): void;
  isGone(): boolean;
  /** Tells nothing more. */
  leave(): void;
};

type Word = { readonly word: Notification } | { readonly request: ServerRequest };

const replayMs = 200;

type Deps = {
  readonly ctx: SessionContext;
  readonly life: Life;
  readonly state: State;
  readonly started: boolean;
  /** A prompt of the last daemon may be on its way. */
  readonly doubtful?: boolean;
  /** The server died, or the thread was taken away; told once, after everything else. */
  readonly gone: () => void;
};

const TAKEN: Readonly<Record<string, string>> = {
  "thread/closed": "Codex unloaded the conversation.",
  "thread/archived": "The conversation was archived in Codex.",
  "thread/deleted": "The conversation was deleted in Codex.",
};

const exitFact = ({ exit, reason }: Death): Fact => ({
  fact: "exited",
  exitCode: exit.exitCode,
  signal: exit.signal,
  expected: false,
  unwitnessed: false,
  reason,
});

const lostThread = (reason: string): Death => ({
  exit: { exitCode: null, signal: null, witnessed: true },
  reason,
});

const makeWatch = (ctx: SessionContext) => {
  const tests = new Set<() => void>();
  return {
    look: (): void => {
      for (const test of tests) test();
    },
    until: (test: () => boolean, stopped: () => boolean, ms: number): Promise<boolean> => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const stop = ctx.backend.clock.after(ms, () => resolve(test()));
      const look = (): void => {
        if (test()) resolve(true);
        else if (stopped()) resolve(false);
      };
      tests.add(look);
      look();
      return promise.finally(() => {
        tests.delete(look);
        stop();
      });
    },
  };
};

export const takeSeat = (deps: Deps): Seat => {
  const { ctx, life } = deps;
  const watch = makeWatch(ctx);
  let { state, started } = deps;
  let gone = false;
  let doubtful = deps.doubtful ?? false;
  let held: Word[] | null = null;

  const recorder = makeRecorder({
    report: ctx.report,
    checkpoint: () => writeCheckpoint(state, { server: life.ref, started }),
    hold: life.pause,
    release: life.resume,
    refused: (error) => {
      ctx.log("info", "the daemon takes no more facts of this generation", {
        error: String(error),
      });
      leave();
    },
  });

  const apply = (step: Folded): void => {
    state = step.state;
    recorder.add(step.facts);
    for (const delta of step.live) ctx.live(delta);
    for (const deed of step.deeds)
      void perform(deed).catch((error: unknown) =>
        ctx.log("warn", `Codex did not ${deed.deed}`, { error: String(error) }),
      );
    watch.look();
  };

  const perform = async ({ deed }: Deed): Promise<void> => {
    const turn = state.turn;
    if (deed === "end-turn" && turn !== null) {
      await life.call("turn/interrupt", { threadId: state.thread, turnId: turn.id });
      return;
    }
    const answer = (await life.call("account/read", {})) as {
      account: unknown;
      requiresOpenaiAuth?: boolean;
    };
    if (answer.account !== null || answer.requiresOpenaiAuth !== true) return;
    if (state.turn?.id !== turn?.id) return;
    apply(giveUp(state, turnFailure("login", "Codex is not logged in.")));
  };

  const die = (death: Death): void => {
    if (gone) return;
    gone = true;
    apply(withdrawAll(state, "The agent has ended."));
    recorder.add([exitFact(death)]);
    recorder.seal();
    watch.look();
    deps.gone();
  };

  const hear = (word: Word): boolean => {
    if (held !== null) {
      held.push(word);
      return true;
    }
    try {
      const step = "word" in word ? foldWord(state, word.word) : foldRequest(state, word.request);
      if (step === null) return false;
      apply(step);
    } catch (error) {
      // A later version may say it in another form: that word is lost, not the session.
      const method = "word" in word ? word.word.method : word.request.method;
      ctx.log("warn", `a word of Codex was not understood: ${method}`, { error: String(error) });
    }
    return true;
  };

  const listener: Listener = {
    notification: (word) => {
      hear({ word });
      const taken = TAKEN[word.method];
      if (taken !== undefined) die(lostThread(taken));
    },
    request: (request) => hear({ request }),
    back: () => {
      doubtful = true;
      rejoin().catch((error: unknown) => {
        // A connection that broke again comes back again, or the server has died.
        if (isRpcFailure(error))
          die(lostThread(`Codex lost the conversation: ${error.rpc.message}`));
      });
    },
    died: die,
  };

  const rejoin = async (): Promise<ThreadOpened> => {
    held = [];
    try {
      const opened = await resumeThread(life, ctx, state.thread);
      apply(catchUp({ ...state, model: opened.model }, await pageOf(ctx, opened)));
      return opened;
    } finally {
      const missed = held ?? [];
      held = null;
      for (const word of missed) hear(word);
      if (state.unheard.size > 0)
        void pause(ctx.backend.clock, replayMs).then(() => gone || apply(dropUnheard(state)));
    }
  };

  const leave = (): void => {
    gone = true;
    recorder.close();
    life.mute(state.thread, listener);
    watch.look();
  };

  life.listen(state.thread, listener);
  return {
    life,
    recorder,
    state: () => state,
    apply,
    until: (test, ms) => watch.until(test, () => gone, ms),
    rejoin,
    settle: () => {
      started = true;
    },
    isDoubtful: () => doubtful,
    clearDoubt: () => {
      doubtful = false;
    },
    isGone: () => gone,
    leave,
  };
};

/** Facts alone, with nothing folded. */
export const tell = (seat: Seat, facts: readonly Fact[]): void =>
  seat.apply(folded(seat.state(), facts));
