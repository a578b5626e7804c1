/** From nothing to an agent that is ready, or to one sentence that says why not. */
import { isAdapterFailure, isHostAway, isStale, type Detached, type Fact } from "@skein/sdk";
import { saidLast, sweepOwn, watchEnd } from "./end.ts";
import { follow, wait, type LineLife } from "./life.ts";

export type Refusal = Omit<Extract<Fact, { fact: "start-failed" }>, "fact">;

/** Another way in, that the first refusal shows. `warning`: what the person must know when it is taken. */
export type Second<Conversation> = {
  readonly conversation: Conversation;
  readonly warning: string | null;
};

/** What a try came to: null when it is ready, or when someone stopped it meanwhile. */
export type Tried<Conversation> = {
  readonly refusal: Refusal;
  readonly second: Second<Conversation> | null;
} | null;

/** Starts the process and begins to read it. Rejects when its host is away. */
export const begin = async <State>(
  life: LineLife<State>,
  startProcess: () => Promise<Detached>,
): Promise<Refusal | "running" | "stopped"> => {
  try {
    const detached = await startProcess();
    if (life.stopping || life.closed) {
      await detached.terminate(0);
      return "stopped";
    }
    follow(life, detached);
    return "running";
  } catch (error) {
    // Where nobody answers, nothing has failed: it is started when someone does.
    if (!isAdapterFailure(error) || isHostAway(error)) throw error;
    const { code, remedy } = error.failure;
    return { code, message: error.message, remedy };
  }
};

/** Until it is ready, or dead, or late. The time in which nothing can be heard of it is none of its own. */
export const untilReady = async <State>(
  life: LineLife<State>,
  isReady: (state: State) => boolean,
): Promise<void> => {
  do await wait(life, life.context.backend.timing.startMs, isReady);
  while (
    !isReady(life.reader.state()) &&
    !life.closed &&
    (await life.detached?.liveness()) === "unknown"
  );
};

export type Leavings = {
  /** It ran still, and had said nothing in the time that it has. */
  readonly alive: boolean;
  readonly seconds: number;
  readonly exitCode: number | null;
  readonly stderr: string;
};

/** It did not get ready: it is ended, if it has not ended itself. What there is to see then. */
export const giveUp = async <State>({
  detached,
  context,
  reading,
}: LineLife<State>): Promise<Leavings> => {
  const liveness = (await detached?.liveness()) ?? "dead";
  // Of one that is out of reach nobody would hear that it is ended.
  if (liveness !== "dead") await detached?.terminate(0);
  const exit = await reading;
  const stderr = await saidLast(detached, 4_000);
  const seconds = Math.round(context.backend.timing.startMs / 1000);
  return { alive: liveness === "alive", seconds, exitCode: exit?.exitCode ?? null, stderr };
};

const tellFailure = async <State>(life: LineLife<State>, refusal: Refusal): Promise<void> => {
  if (life.over || life.stopping || life.closed) return;
  life.over = true;
  const { host } = life.context.backend;
  await sweepOwn(life);
  await life.detached?.close();
  await life.reader.tell([{ fact: "start-failed", ...refusal }]);
  await host.remove(life.context.dir);
};

/** A stop overtook the start and found nothing to end; that it runs is refused now. Nobody else knows of this process. */
const takeBack = async <State>(life: LineLife<State>): Promise<void> => {
  const { context, detached, owner } = life;
  life.closed = true;
  context.log("info", "the generation was over before it began: its process is ended");
  await detached?.terminate(0);
  await detached?.close();
  await context.backend.host.sweep(owner);
};

/** Starts the process, a second time where the first refusal shows another way in; ends with `started` or `start-failed`. */
export const startAnew = async <State, Conversation>(
  life: LineLife<State>,
  conversation: Conversation,
  attempt: (conversation: Conversation) => Promise<Tried<Conversation>>,
): Promise<void> => {
  const { reader } = life;
  let tried = await attempt(conversation);
  const second = tried?.second ?? null;
  if (second !== null && !life.stopping) {
    await life.detached?.close();
    tried = await attempt(second.conversation);
    if (tried === null && second.warning !== null)
      await reader.tell([{ fact: "notice", level: "warning", text: second.warning }]);
  }
  if (tried !== null) return tellFailure(life, tried.refusal);
  if (life.detached === null || life.stopping) return;
  watchEnd(life);
  try {
    await reader.flushed();
  } catch (error) {
    if (!isStale(error)) throw error;
    await takeBack(life);
  }
};
