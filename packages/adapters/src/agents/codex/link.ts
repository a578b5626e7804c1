/** One generation of a session: a thread on the shared app-server. */
import type { AgentLink, Fact, Liveness, SessionContext } from "@skein/sdk";
import { catchUp, skipHistory } from "./catch-up.ts";
import type { Life } from "./life.ts";
import { unreachable } from "./rpc.ts";
import { takeSeat, tell, type Seat } from "./seat.ts";
import type { Server } from "./server.ts";
import { isLostThread, startFailed, startFailureOf, type StartFailure } from "./start-failure.ts";
import { freshState, readCheckpoint, restoreState, type Checkpoint, type State } from "./state.ts";
import {
  checkChoice,
  forkThread,
  nameThread,
  newestTurns,
  pageOf,
  quietThread,
  resumeThread,
  startThread,
  turnsOf,
} from "./thread.ts";
import { answerQuestion, interruptTurn, promptTurn, steerTurn } from "./turns.ts";
import { NO_TOKENS } from "./usage.ts";
import type { ThreadOpened } from "./wire.ts";

type Opening = { readonly seat: Seat; readonly opened: ThreadOpened };

const checkFolder = async (ctx: SessionContext): Promise<StartFailure | null> => {
  const { folder } = ctx.session;
  const found = await ctx.backend.host.folder(folder);
  if (found === "directory") return null;
  const code = found === "file" ? "folder_not_directory" : "folder_not_found";
  const what = { file: "is a file", missing: "does not exist", unreadable: "cannot be read" }[
    found
  ];
  return startFailed(
    code,
    `${folder} ${what}.`,
    "Choose a folder that exists and that you may read.",
  );
};

const sameLife = (life: Life, checkpoint: Checkpoint): boolean =>
  life.ref.pid === checkpoint.server.pid && life.ref.started === checkpoint.server.started;

const unseenDeath = (reason: string): Fact => ({
  fact: "exited",
  exitCode: null,
  signal: null,
  expected: false,
  unwitnessed: true,
  reason,
});

/** Items alone: turns of an earlier generation were ended by its end. */
const itemsOf = (facts: readonly Fact[]): Fact[] => facts.filter(({ fact }) => fact === "item");

export const makeLink = (ctx: SessionContext, server: Server): AgentLink => {
  const { session, backend } = ctx;
  const checkpoint = readCheckpoint(ctx.checkpoint);
  let seat: Seat | null = null;
  let adopted = false;
  let stopped = false;

  const gone = (): void => void server.leave(session.id);
  const sit = (life: Life, state: State, started: boolean): Seat => {
    seat?.leave();
    seat = takeSeat({ ctx, life, state, started, gone });
    return seat;
  };

  /** The state of the last daemon, with the prompt that may have been on its way. */
  const restored = (known: Checkpoint): State => {
    const state = restoreState(known);
    const { turn } = ctx;
    return turn === null || turn.accepted ? state : { ...state, handed: { turn: turn.id } };
  };

  const rejoin = async (life: Life, known: Checkpoint): Promise<Opening> => {
    const joined = sit(life, restored(known), known.started);
    adopted = true;
    return { seat: joined, opened: await joined.rejoin() };
  };

  const begin = async (life: Life): Promise<Opening> => {
    const box: { seat?: Seat } = {};
    const opened = await startThread(life, ctx, ({ thread }) => {
      box.seat = sit(life, freshState(thread.id, NO_TOKENS), false);
    });
    return { seat: box.seat ?? sit(life, freshState(opened.thread.id, NO_TOKENS), false), opened };
  };

  const copy = async (life: Life, from: string): Promise<Opening> => {
    const box: { seat?: Seat } = {};
    const opened = await forkThread(life, ctx, from, ({ thread }) => {
      box.seat = sit(life, freshState(thread.id, null), false);
    });
    const copied = box.seat ?? sit(life, freshState(opened.thread.id, null), false);
    const past = await newestTurns(life, opened.thread.id).catch(() => []);
    copied.apply({ state: skipHistory(copied.state(), past), facts: [], live: [], deeds: [] });
    return { seat: copied, opened };
  };

  /** A thread of an earlier generation. What that one missed is told, as far as it is items. */
  const wake = async (life: Life, threadId: string): Promise<Opening> => {
    await quietThread(life, ctx, threadId).catch(() => undefined);
    const opened = await resumeThread(life, ctx, threadId);
    const past = checkpoint?.thread === threadId ? restoreState(checkpoint) : null;
    const page = await pageOf(ctx, opened);
    const missed = past === null ? [] : itemsOf(catchUp(past, page).facts);
    const totals = page.totals ?? past?.totals ?? null;
    const woken = sit(life, skipHistory(freshState(threadId, totals), turnsOf(opened)), false);
    tell(woken, missed);
    return { seat: woken, opened };
  };

  const open = async (life: Life): Promise<Opening> => {
    if (checkpoint !== null && sameLife(life, checkpoint)) {
      try {
        return await rejoin(life, checkpoint);
      } catch (error) {
        // Without a turn and a name a thread dies with its last connection: nothing was in it.
        if (checkpoint.started || !isLostThread(error)) throw error;
        adopted = false;
      }
    } else if (session.providerSessionId !== null) return wake(life, session.providerSessionId);
    if (ctx.how === "fork" && session.forkFrom !== null) return copy(life, session.forkFrom);
    return begin(life);
  };

  /** Reports, and leaves nothing. */
  const fail = async (failure: StartFailure): Promise<void> => {
    const { seat: failed } = { seat };
    if (failed !== null) {
      const threadId = failed.state().thread;
      await failed.life.call("thread/unsubscribe", { threadId }).catch(() => undefined);
      failed.leave();
    }
    seat = null;
    await server.leave(session.id, true);
    ctx.log("warn", "Codex could not be started", { code: failure.code, message: failure.message });
    await ctx.report({ facts: [failure] });
  };

  const settle = async ({ seat: mine, opened }: Opening): Promise<void> => {
    const { thread, model } = opened;
    // Recorded before anything of it can be seen elsewhere: a second start finds it.
    tell(mine, [{ fact: "provider-session", providerSessionId: thread.id }]);
    await mine.recorder.flush();
    await nameThread(mine.life, thread.id, session.name).catch((error: unknown) =>
      ctx.log("warn", "Codex did not take the session's name", { error: String(error) }),
    );
    mine.settle();
    mine.apply({ state: { ...mine.state(), model }, facts: [], live: [], deeds: [] });
    tell(mine, [
      {
        fact: "started",
        pid: mine.life.ref.pid,
        providerSessionId: thread.id,
        model,
        adopted,
      },
    ]);
    await mine.recorder.flush();
  };

  const start = async (): Promise<void> => {
    if (seat !== null && !seat.isGone()) return;
    const noFolder = await checkFolder(ctx);
    if (noFolder !== null) return fail(noFolder);
    server.enter(session.id);
    try {
      const opening = await open(await server.start());
      const noChoice = await checkChoice(opening.seat.life, session, opening.opened);
      if (noChoice !== null) return await fail(noChoice);
      await settle(opening);
    } catch (error) {
      await fail(startFailureOf(error));
    }
  };

  const attach = async (): Promise<Liveness> => {
    if (seat !== null && !seat.isGone()) return "alive";
    server.enter(session.id);
    const dead = async (reason: string): Promise<Liveness> => {
      await ctx.report({ facts: [unseenDeath(reason)] });
      await server.leave(session.id);
      return "dead";
    };
    try {
      const life = await server.adopt();
      if (life === null) return await dead("Codex's app-server is no longer running.");
      if (checkpoint === null || !sameLife(life, checkpoint))
        return await dead("Codex's app-server was replaced by another.");
      const { seat: mine, opened } = await rejoin(life, checkpoint);
      const { pid } = life.ref;
      const providerSessionId = opened.thread.id;
      tell(mine, [{ fact: "started", pid, providerSessionId, model: opened.model, adopted: true }]);
      await mine.recorder.flush();
      return "alive";
    } catch (error) {
      seat?.leave();
      seat = null;
      if (isLostThread(error)) return await dead("Codex no longer has this conversation.");
      await ctx.report({ facts: [{ fact: "unreachable", reason: String(error) }] });
      return "unknown";
    }
  };

  const seated = (): Seat => {
    if (seat === null || seat.isGone()) throw unreachable("Codex is not running for this session.");
    return seat;
  };

  /** Where the thread runs, if it does: also for a generation that was never attached here. */
  const whereabouts = async (): Promise<{ life: Life; threadId: string } | null> => {
    if (seat !== null) return { life: seat.life, threadId: seat.state().thread };
    const threadId = checkpoint?.thread ?? session.providerSessionId;
    const life = threadId === null ? null : await server.adopt().catch(() => null);
    return life === null || threadId === null ? null : { life, threadId };
  };

  const stop = async ({ force }: { readonly force: boolean }): Promise<void> => {
    if (stopped) return;
    stopped = true;
    const wasGone = seat?.isGone() ?? false;
    const found = wasGone ? null : await whereabouts();
    if (found !== null) {
      const { life, threadId } = found;
      const quiet = quietThread(life, ctx, threadId).then(() =>
        life.call("thread/unsubscribe", { threadId }, { timeoutMs: backend.timing.graceMs }),
      );
      await quiet.catch((error: unknown) =>
        ctx.log("warn", "Codex did not let go of the conversation", {
          force,
          error: String(error),
        }),
      );
    }
    await seat?.recorder.flush();
    seat?.leave();
    await server.leave(session.id);
    if (wasGone) return;
    const reason = "It was stopped.";
    const exited = { ...unseenDeath(reason), expected: true, unwitnessed: false } as Fact;
    await ctx
      .report({ facts: [exited] })
      .catch((error: unknown) =>
        ctx.log("debug", "nobody waits for the end any more", { error: String(error) }),
      );
  };

  return {
    start,
    attach,
    prompt: async (given) => {
      const mine = seated();
      await promptTurn(mine, ctx, given);
    },
    steer: (given) => steerTurn(seated(), ctx, given, adopted),
    interrupt: async ({ turn }) => {
      if (seat !== null && !seat.isGone()) await interruptTurn(seat, ctx, turn);
    },
    answer: async (given) => {
      if (seat !== null && !seat.isGone()) await answerQuestion(seat, ctx, given);
    },
    stop,
    liveness: async () => {
      if (seat !== null) return seat.isGone() ? "dead" : seat.life.liveness();
      try {
        const life = await server.adopt();
        return life !== null && checkpoint !== null && sameLife(life, checkpoint)
          ? "alive"
          : "dead";
      } catch {
        return "unknown";
      }
    },
    detach: async () => {
      seat?.leave();
      await seat?.recorder.flush();
    },
  };
};
