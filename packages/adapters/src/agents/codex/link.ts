/** One generation of a session: a thread on the shared app-server. */
import {
  hostAway,
  isHostAway,
  isStale,
  type AgentLink,
  type Fact,
  type Liveness,
  type SessionContext,
} from "@skein/sdk";
import type { Life } from "./life.ts";
import { openAgain, openThread, sameLife, type Opening } from "./opening.ts";
import { isRpcFailure, unreachable } from "./rpc.ts";
import { apply, leave, tell, whenConnected, type Seat } from "./seat.ts";
import type { Server } from "./server.ts";
import { isLostThread, startFailed, startFailureOf, type StartFailure } from "./start-failure.ts";
import { readCheckpoint, type Checkpoint } from "./state.ts";
import { checkChoice, nameThread, quietThread } from "./thread.ts";
import { folded } from "./translate.ts";
import { answerQuestion, interruptTurn, promptTurn, steerTurn } from "./turns.ts";

type Link = {
  readonly ctx: SessionContext;
  readonly server: Server;
  readonly checkpoint: Checkpoint | null;
  /** Its session needs the server no longer. */
  readonly onGone: () => void;
  opening: Opening | null;
  stopped: boolean;
};

const exited = (how: { expected: boolean; unwitnessed: boolean; reason: string }): Fact => ({
  fact: "exited",
  exitCode: null,
  signal: null,
  ...how,
});

const seatOf = (link: Link): Seat | null => link.opening?.seat ?? null;

const seated = (link: Link): Seat => {
  const seat = seatOf(link);
  if (seat === null || seat.gone) throw unreachable("Codex is not running for this session.");
  return seat;
};

const checkFolder = async ({ backend, session }: SessionContext): Promise<StartFailure | null> => {
  const { folder } = session;
  // Codex 0.169.0 takes a folder that is not there.
  const found = await backend.host.folder(folder);
  if (found === "directory") return null;
  const what = { file: "is a file", missing: "does not exist", unreadable: "cannot be read" }[
    found
  ];
  const code = found === "file" ? "folder_not_directory" : "folder_not_found";
  return startFailed(
    code,
    `${folder} ${what}.`,
    "Choose a folder that exists and that you may read.",
  );
};

/** Reports, and leaves nothing. */
const fail = async ({ ctx, server }: Link, failure: StartFailure, seat: Seat | null) => {
  if (seat !== null) {
    const threadId = seat.state.thread;
    await seat.life.call("thread/unsubscribe", { threadId }).catch(() => undefined);
    leave(seat);
  }
  await server.leave(ctx.session.id, true);
  ctx.log("warn", "Codex could not be started", { code: failure.code, message: failure.message });
  await ctx.report({ facts: [failure] });
};

const startedFact = ({ seat, opened, adopted }: Opening): Fact => ({
  fact: "started",
  pid: seat.life.ref.pid,
  providerSessionId: opened.thread.id,
  model: opened.model,
  adopted,
});

const settle = async (link: Link, opening: Opening): Promise<void> => {
  const { seat, opened } = opening;
  const { thread, model } = opened;
  // Recorded before anything of it can be seen elsewhere: a second start finds it.
  tell(seat, [{ fact: "provider-session", providerSessionId: thread.id }]);
  await seat.recorder.flush();
  await nameThread(seat.life, thread.id, link.ctx.session.name).catch((error: unknown) =>
    link.ctx.log("warn", "Codex did not take the session's name", { error: String(error) }),
  );
  seat.started = true;
  apply(seat, folded({ ...seat.state, model }, [startedFact(opening)]));
  await seat.recorder.flush();
};

/** A stop overtook the start and found nothing to end; that it runs is refused now. Nobody else knows of this thread. */
const takeBack = async ({ ctx, server }: Link, { life, state }: Seat): Promise<void> => {
  ctx.log("info", "the generation was over before it began: its thread is let go");
  const { thread: threadId } = state;
  await quietThread(life, ctx, threadId, true)
    .then(() => life.call("thread/unsubscribe", { threadId }))
    .catch((error: unknown) =>
      ctx.log("warn", "Codex did not let go of the conversation", { error: String(error) }),
    );
  await server.leave(ctx.session.id, true);
};

/** Whether that came of a cut link, and of nothing that Codex or the person can mend. */
const isOutOfReach = async ({ opening, ctx }: Link, error: unknown): Promise<boolean> => {
  if (isHostAway(error)) return true;
  if (isRpcFailure(error)) return false;
  if (ctx.backend.host.reach().state === "unreachable") return true;
  return (await opening?.seat.life.liveness()) === "unknown";
};

const start = async (link: Link): Promise<void> => {
  const { ctx, server } = link;
  if (link.opening !== null && !link.opening.seat.gone) return;
  const noFolder = await checkFolder(ctx);
  if (noFolder !== null) return fail(link, noFolder, null);
  server.enter(ctx.session.id);
  try {
    link.opening = await openThread(link, await server.start());
    const { seat, opened } = link.opening;
    const noChoice = await checkChoice(seat.life, ctx.session, opened);
    if (noChoice === null) {
      await settle(link, link.opening);
      if (isStale(seat.recorder.refusal())) await takeBack(link, seat);
      return;
    }
    await fail(link, noChoice, seat);
  } catch (error) {
    const seat = seatOf(link);
    if (await isOutOfReach(link, error)) {
      if (seat !== null) leave(seat);
      throw hostAway(ctx.backend.host.id);
    }
    await fail(link, startFailureOf(error), seat);
  }
  link.opening = null;
};

const foundDead = async ({ ctx, server }: Link, reason: string): Promise<Liveness> => {
  await ctx.report({ facts: [exited({ expected: false, unwitnessed: true, reason })] });
  await server.leave(ctx.session.id);
  return "dead";
};

const attach = async (link: Link): Promise<Liveness> => {
  const { ctx, server, checkpoint } = link;
  if (link.opening !== null && !link.opening.seat.gone) return "alive";
  server.enter(ctx.session.id);
  try {
    const life = await server.adopt();
    if (life === null) return await foundDead(link, "Codex's app-server is no longer running.");
    if (checkpoint === null || !sameLife(life, checkpoint))
      return await foundDead(link, "Codex's app-server was replaced by another.");
    const { pid } = life.ref;
    link.opening = await openAgain(link, life, checkpoint, ({ thread, model }) => [
      { fact: "started", pid, providerSessionId: thread.id, model, adopted: true },
    ]);
    await link.opening.seat.recorder.flush();
    return "alive";
  } catch (error) {
    if (isLostThread(error)) return foundDead(link, "Codex no longer has this conversation.");
    await ctx.report({ facts: [{ fact: "unreachable", reason: String(error) }] });
    return "unknown";
  }
};

type Whereabouts = { readonly life: Life; readonly threadId: string };

/** Where the thread runs, if it does: also of a generation that was never attached here. */
const whereabouts = async (link: Link): Promise<Whereabouts | null> => {
  const seat = seatOf(link);
  if (seat !== null) return { life: seat.life, threadId: seat.state.thread };
  const threadId = link.checkpoint?.thread ?? link.ctx.session.providerSessionId;
  if (threadId === null) return null;
  const life = await link.server.adopt().catch((error: unknown) => {
    if (isHostAway(error)) throw error;
    return null;
  });
  return life === null ? null : { life, threadId };
};

/** `force`: the turn gets no time to end by itself; the server, which is not this session's alone, goes on. */
const stop = async (link: Link, force: boolean): Promise<void> => {
  if (link.stopped) return;
  const { ctx, server } = link;
  const seat = seatOf(link);
  // What cannot be told now would be taken for done.
  if (seat?.dead === false) await whenConnected(seat, async () => undefined);
  const wasDead = seat?.dead === true;
  const found = wasDead ? null : await whereabouts(link);
  if (link.stopped) return;
  link.stopped = true;
  if (found !== null) {
    const { life, threadId } = found;
    const { graceMs } = ctx.backend.timing;
    await quietThread(life, ctx, threadId, force)
      .then(() => life.call("thread/unsubscribe", { threadId }, { timeoutMs: graceMs }))
      .catch(async (error: unknown) => {
        if ((await life.liveness()) === "unknown") {
          link.stopped = false;
          throw hostAway(ctx.backend.host.id);
        }
        ctx.log("warn", "Codex did not let go of the conversation", { error: String(error) });
      });
  }
  await seat?.recorder.flush();
  if (seat !== null) leave(seat);
  await server.leave(ctx.session.id);
  if (wasDead) return;
  const fact = exited({ expected: true, unwitnessed: false, reason: "It was stopped." });
  await ctx
    .report({ facts: [fact] })
    .catch((error: unknown) =>
      ctx.log("debug", "nobody waits for the end any more", { error: String(error) }),
    );
};

const liveness = async ({ opening, server, checkpoint }: Link): Promise<Liveness> => {
  if (opening !== null) return opening.seat.gone ? "dead" : opening.seat.life.liveness();
  try {
    const life = await server.adopt();
    return life !== null && checkpoint !== null && sameLife(life, checkpoint) ? "alive" : "dead";
  } catch {
    return "unknown";
  }
};

export const makeLink = (ctx: SessionContext, server: Server): AgentLink => {
  const link: Link = {
    ctx,
    server,
    checkpoint: readCheckpoint(ctx.checkpoint),
    onGone: () => void server.leave(ctx.session.id),
    opening: null,
    stopped: false,
  };
  /** A generation that is over has no turn to break off and no question open. */
  const living = (): Seat | null => (link.opening?.seat.gone === false ? link.opening.seat : null);
  return {
    start: () => start(link),
    attach: () => attach(link),
    prompt: async (given) => {
      const seat = seated(link);
      await whenConnected(seat, () => promptTurn(seat, ctx, given));
    },
    steer: async (given) => {
      const seat = seated(link);
      const mayBeThere = () => link.opening?.adopted === true || seat.doubtful;
      await whenConnected(seat, () => steerTurn(seat, ctx, given, mayBeThere()));
    },
    interrupt: async ({ turn }) => {
      const seat = living();
      if (seat !== null) await whenConnected(seat, () => interruptTurn(seat, ctx, turn));
    },
    answer: async (given) => {
      const seat = living();
      if (seat !== null) await whenConnected(seat, () => answerQuestion(seat, ctx, given));
    },
    stop: ({ force }) => stop(link, force),
    liveness: () => liveness(link),
    detach: async () => {
      const seat = seatOf(link);
      if (seat === null) return;
      leave(seat);
      await seat.recorder.flush();
    },
  };
};
