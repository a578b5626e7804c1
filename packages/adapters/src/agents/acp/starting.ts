/** From nothing to an agent that is ready, or to one sentence that says why not. */
import { pause, isAdapterFailure, isStale, type Fact } from "@skein/sdk";
import { initializeFrame } from "./handshake.ts";
import { follow, settleOpened, wait, watchEnd, type Life } from "./life.ts";
import { refusalOf, secondTry, startProcess, type Refusal } from "./process.ts";
import { initialState, type State } from "./state.ts";

const tellFailure = async (life: Life, refusal: Refusal): Promise<void> => {
  if (life.over || life.stopping || life.closed) return;
  life.over = true;
  const { host } = life.context.backend;
  await host.sweep(life.owner);
  await life.detached?.close();
  await life.reader.tell([{ fact: "start-failed", ...refusal }]);
  await host.remove(life.context.dir);
};

/** What a try came to: null when it is ready, or when someone stopped it meanwhile. */
const unready = async (life: Life): Promise<Refusal> => {
  const { detached, context, reader } = life;
  const alive = (await detached?.liveness()) === "alive";
  if (alive) await detached?.terminate(0);
  const exit = await life.reading;
  const stderr = (await detached?.errors(4_000)) ?? "";
  const seconds = Math.round(context.backend.timing.startMs / 1000);
  const end = { alive, exitCode: exit?.exitCode ?? null, stderr, seconds };
  return refusalOf(life.agent, life.conversation, reader.state(), end);
};

/** A stop that comes meanwhile is not held up: it finds nothing to end. */
const awaitMinute = async ({ agent, births, context, conversation }: Life): Promise<void> => {
  if (agent.loadsInAnotherMinute !== true || conversation.how !== "resume") return;
  const ms = births.wait(conversation.id, context.backend.clock.now());
  if (ms > 0) context.log("info", "waits for the next minute before it loads", { ms });
  if (ms > 0) await pause(context.backend.clock, ms);
};

const attempt = async (life: Life): Promise<Refusal | null> => {
  const { agent, context, reader } = life;
  const { command, clock, timing, version } = context.backend;
  if (command === null) {
    const message = `${agent.title} is not installed, or not on PATH.`;
    return { code: "backend_not_installed", message, remedy: agent.install };
  }
  reader.change(() => initialState);
  await awaitMinute(life);
  if (life.stopping || life.closed) return null;
  try {
    const detached = await startProcess(agent, context, command);
    if (life.stopping || life.closed) {
      await detached.terminate(0);
      return null;
    }
    follow(life, detached);
  } catch (error) {
    if (!isAdapterFailure(error)) throw error;
    const { code, remedy } = error.failure;
    return { code, message: error.message, remedy };
  }
  // Dead already: its end says more than the failure to write to it.
  await life.detached?.write(initializeFrame(version)).catch(() => undefined);
  const isAnswered = ({ phase }: State): boolean => ["settling", "ready", "failed"].includes(phase);
  await wait(life, timing.startMs, isAnswered);
  await settleOpened(life);
  const { phase, conversation } = reader.state();
  if (conversation !== null && life.conversation.how !== "resume")
    life.births.note(conversation, clock.now());
  return phase === "ready" ? null : unready(life);
};

/** A stop overtook the start and found nothing to end; that it runs is refused now. Nobody else knows of this process. */
const takeBack = async (life: Life): Promise<void> => {
  const { context, detached, owner } = life;
  life.closed = true;
  context.log("info", "the generation was over before it began: its process is ended");
  await detached?.terminate(0);
  await detached?.close();
  await context.backend.host.sweep(owner);
};

const warning = (title: string, id: string): Fact => ({
  fact: "notice",
  level: "warning",
  text:
    `${title} has no conversation ${id} any more, so it began a new one: ` +
    "the agent remembers nothing of what was said before.",
});

/** Starts the process, a second time where the first refusal shows another way in; ends with `started` or `start-failed`. */
export const startAnew = async (life: Life): Promise<void> => {
  const { agent, reader } = life;
  let refusal = await attempt(life);
  const second = refusal === null ? null : secondTry(life.conversation, reader.state());
  if (second !== null && !life.stopping) {
    await life.detached?.close();
    life.conversation = second.conversation;
    refusal = await attempt(life);
    if (refusal === null) await reader.tell([warning(agent.title, second.id)]);
  }
  if (refusal !== null) return tellFailure(life, refusal);
  if (life.detached === null || life.stopping) return;
  watchEnd(life);
  try {
    await reader.flushed();
  } catch (error) {
    if (!isStale(error)) throw error;
    await takeBack(life);
  }
};
