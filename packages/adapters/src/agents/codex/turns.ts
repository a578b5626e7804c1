/** What a session does with its turn: begin, add to, break off, and the answers to its questions. */
import {
  pause,
  adapterFailure,
  type AdapterFailure,
  type AgentLink,
  type SessionContext,
} from "@skein/sdk";
import { answerOf } from "./approvals.ts";
import { turnSettings } from "./modes.ts";
import { isRpcFailure, unreachable } from "./rpc.ts";
import { projectWords } from "./project-words.ts";
import { apply, rejoin, until, type Seat } from "./seat.ts";
import type { Turn } from "./generated/protocol.ts";
import { accept, chain, folded } from "./translate.ts";
import { turnFailure } from "./turn-errors.ts";
import { contextOf, noteClientId, textInput, turnClientId } from "./wire.ts";

type Prompt = Parameters<AgentLink["prompt"]>[0];
type Steer = Parameters<AgentLink["steer"]>[0];
type Answer = Parameters<AgentLink["answer"]>[0];

const attempts = 3;
const doubtMs = 100;
const replayMs = 2_000;
const notedItems = 100;

const turnIsOver = (): AdapterFailure =>
  adapterFailure("The turn is over, so nothing can be added to it.", {
    kind: "unavailable",
    code: "no_turn",
    remedy: "Send the words as a prompt of their own.",
    retryable: false,
  });

const someoneElse = (): AdapterFailure =>
  adapterFailure("Someone else has a turn running in this conversation.", {
    kind: "unavailable",
    code: "session_busy",
    remedy: "Wait until it ends, or stop it where it was begun.",
    retryable: true,
  });

const isTaken = (seat: Seat, turn: string): boolean =>
  seat.state.turn?.ours === turn || seat.state.ended?.ours === turn;

/** Refused for what it says, not for the moment: told as a turn that failed, so that the person sees why. */
const refuse = (seat: Seat, turn: string, message: string): void =>
  apply(
    seat,
    chain(folded(seat.state, [{ fact: "accepted", turn }]), (state) =>
      folded({ ...state, handed: null }, [
        {
          fact: "turn-ended",
          turn,
          outcome: "failed",
          error: turnFailure("api", message),
          usage: null,
        },
      ]),
    ),
  );

const send = async (seat: Seat, ctx: SessionContext, { turn, text }: Prompt): Promise<void> => {
  const said = await projectWords(ctx.backend.host, ctx.session.folder);
  const params = {
    threadId: seat.state.thread,
    clientUserMessageId: turnClientId(turn),
    input: textInput(text),
    ...(said === null ? {} : { additionalContext: contextOf(said) }),
    ...turnSettings(ctx.session),
  };
  await seat.life.call("turn/start", params, {
    onResult: (result) => apply(seat, accept(seat.state, (result as { turn: Turn }).turn.id, turn)),
  });
};

/**
 * Delivers at most once. Before anything is sent again, the history is read: our mark on the user message tells whether it
 * had arrived. Never during a turn: `turn/start` then steers it, and there is no second turn (0.169.0).
 */
export const promptTurn = async (
  seat: Seat,
  ctx: SessionContext,
  prompt: Prompt,
): Promise<void> => {
  const { startMs } = ctx.backend.timing;
  const { turn } = prompt;
  apply(seat, folded({ ...seat.state, handed: { turn } }));
  for (let attempt = 1; !isTaken(seat, turn); attempt += 1) {
    if (seat.gone) throw unreachable("Codex's app-server has ended.");
    if (seat.doubtful) {
      await pause(ctx.backend.clock, doubtMs);
      await rejoin(seat);
      seat.doubtful = false;
    }
    const isFree = () => seat.state.turn === null || isTaken(seat, turn);
    if (!(await until(seat, isFree, startMs))) throw someoneElse();
    if (isTaken(seat, turn)) break;
    try {
      await send(seat, ctx, prompt);
    } catch (error) {
      if (isRpcFailure(error)) {
        refuse(seat, turn, error.rpc.message);
        break;
      }
      if (attempt >= attempts) throw error;
      await until(seat, () => seat.doubtful, startMs);
      await seat.life.connected();
    }
  }
  await seat.recorder.flush();
};

const hasNote = async (seat: Seat, turnId: string, clientId: string): Promise<boolean> => {
  const params = {
    threadId: seat.state.thread,
    turnId,
    limit: notedItems,
    sortDirection: "desc",
  };
  const answer = (await seat.life.call("thread/items/list", params)) as {
    data: { item: { type: string; clientId?: string | null } }[];
  };
  return answer.data.some(({ item }) => item.type === "userMessage" && item.clientId === clientId);
};

/** Words that join the turn in progress. false: it is over. */
const addNote = async (seat: Seat, id: string, text: string): Promise<boolean> => {
  const expectedTurnId = seat.state.turn?.id;
  if (expectedTurnId === undefined) return false;
  const params = {
    threadId: seat.state.thread,
    expectedTurnId,
    clientUserMessageId: noteClientId(id),
    input: textInput(text),
  };
  try {
    await seat.life.call("turn/steer", params);
    return true;
  } catch (error) {
    if (isRpcFailure(error)) return false;
    throw error;
  }
};

export const steerTurn = async (
  seat: Seat,
  ctx: SessionContext,
  { turn, prompt, text }: Steer,
  again: boolean,
): Promise<void> => {
  const isOurs = () => seat.state.turn?.ours === turn;
  const begun = () => !isOurs() || seat.state.turn?.started === true;
  await until(seat, begun, ctx.backend.timing.startMs);
  const now = seat.state.turn;
  if (now === null || !isOurs()) throw turnIsOver();
  if (again && (await hasNote(seat, now.id, noteClientId(prompt)))) return;
  if (!(await addNote(seat, prompt, text))) throw turnIsOver();
};

/**
 * Ends the turn, then its commands: Codex 0.169.0 leaves them running. Before `turn/started` it says that there is no
 * turn and begins it all the same, so that is waited for.
 */
export const interruptTurn = async (
  seat: Seat,
  ctx: SessionContext,
  turn: string,
): Promise<void> => {
  const { startMs, graceMs } = ctx.backend.timing;
  const isOver = () => seat.state.turn?.ours !== turn;
  await until(seat, () => isOver() || seat.state.turn?.started === true, startMs);
  const now = seat.state.turn;
  if (isOver() || now === null) return;
  const { thread } = seat.state;
  await seat.life
    .call("turn/interrupt", { threadId: thread, turnId: now.id })
    .catch((error: unknown) => {
      if (!isRpcFailure(error)) throw error;
    });
  await seat.life.call("thread/backgroundTerminals/clean", { threadId: thread });
  if (!(await until(seat, isOver, graceMs)))
    ctx.log("warn", "Codex has not ended the interrupted turn", { turn });
  await seat.recorder.flush();
};

/**
 * A refusal with a reason: the reason joins the turn first, because the answer itself has no place for words.
 *
 * Rejects with an AdapterFailure when there is no connection. It is remembered all the same: on the next connection the
 * server asks again, and is answered then. But should the daemon die before, it is lost; so it is not done.
 */
export const answerQuestion = async (
  seat: Seat,
  ctx: SessionContext,
  given: Answer,
): Promise<void> => {
  const { request, resolution } = given;
  const known = () => seat.state.open.has(request) || !seat.state.unheard.has(request);
  await until(seat, known, replayMs);
  const open = seat.state.open.get(request);
  if (open === undefined || seat.state.answered.has(request)) return;
  const reason = resolution.decision === "deny" ? (resolution.message ?? "").trim() : "";
  if (reason !== "")
    await addNote(seat, `deny:${request}`, reason).catch((error: unknown) =>
      ctx.log("warn", "the reason of a refusal did not reach Codex", { error: String(error) }),
    );
  const state = seat.state;
  if (!state.open.has(request)) return;
  const answer = answerOf(open.asked, resolution);
  apply(seat, folded({ ...state, answered: new Map(state.answered).set(request, answer) }));
  seat.life.respond(open.id, answer);
};
