/** From nothing to an agent that is ready, or to one sentence that says why not. */
import { isAdapterFailure, isHostAway, isStale, type Fact } from "@skein/sdk";
import { initializeFrame } from "./frames.ts";
import { follow, wait, watchEnd, type Life } from "./life.ts";
import {
  conversationOf,
  refusalOf,
  secondTry,
  startProcess,
  type Conversation,
  type Refusal,
} from "./process.ts";
import { initialState } from "./state.ts";

type StartFailed = Extract<Fact, { fact: "start-failed" }>;

const failure = (code: StartFailed["code"], { message, remedy }: Refusal): StartFailed => ({
  fact: "start-failed",
  code,
  message,
  remedy,
});

const notInstalled = failure("backend_not_installed", {
  message: "Claude Code is not installed, or not on PATH.",
  remedy:
    "Install it with `npm install -g @anthropic-ai/claude-code`, or name its path in config.json5.",
});

/** What a try came to: null when it is ready, or when someone stopped it meanwhile. */
type Tried = { readonly failed: StartFailed; readonly stderr: string } | null;

const tellFailure = async (life: Life, failed: StartFailed): Promise<void> => {
  if (life.over || life.stopping || life.closed) return;
  life.over = true;
  const { host } = life.context.backend;
  await host.sweep(life.owner);
  await life.detached?.close();
  await life.reader.tell([failed]);
  await host.remove(life.context.dir);
};

const ready = async (life: Life): Promise<void> => {
  const { timing } = life.context.backend;
  // Dead already: its end says more than the failure to write to it.
  await life.detached?.write(initializeFrame).catch(() => undefined);
  // The time in which nothing can be heard of it is none of its own.
  do await wait(life, timing.startMs, (state) => state.ready);
  while (
    !life.reader.state().ready &&
    !life.closed &&
    (await life.detached?.liveness()) === "unknown"
  );
};

const unready = async (life: Life, conversation: Conversation): Promise<Tried> => {
  const { detached, context } = life;
  const alive = (await detached?.liveness()) === "alive";
  const exit = alive ? null : await life.reading;
  if (alive) await detached?.terminate(0);
  const stderr = (await detached?.errors(4_000)) ?? "";
  const seconds = Math.round(context.backend.timing.startMs / 1000);
  const silent: Refusal = {
    message: `Claude Code did not get ready within ${seconds} s.`,
    remedy:
      "Run `skein doctor`, or start `claude` by hand in that folder to see what it waits for.",
  };
  const refusal = alive ? silent : refusalOf(conversation, stderr, exit?.exitCode ?? null);
  return { failed: failure("backend_unavailable", refusal), stderr };
};

const attempt = async (life: Life, conversation: Conversation): Promise<Tried> => {
  const { context } = life;
  const { command } = context.backend;
  if (command === null) return { failed: notInstalled, stderr: "" };
  try {
    const detached = await startProcess(context, command, conversation);
    if (life.stopping || life.closed) {
      await detached.terminate(0);
      return null;
    }
    follow(life, detached);
  } catch (error) {
    // Where nobody answers, nothing has failed: it is started when someone does.
    if (!isAdapterFailure(error) || isHostAway(error)) throw error;
    const { code, remedy } = error.failure;
    return { failed: failure(code, { message: error.message, remedy }), stderr: "" };
  }
  await ready(life);
  if (life.reader.state().ready) return null;
  return unready(life, conversation);
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

/** Starts the process, a second time where the first refusal shows another way in; ends with `started` or `start-failed`. */
export const startAnew = async (life: Life): Promise<void> => {
  const { context, reader } = life;
  const first = conversationOf(context);
  const known = first.how === "resume" ? first.id : null;
  reader.change(() => ({ ...initialState, conversation: known }));
  life.torn = false;
  let tried = await attempt(life, first);
  const second = tried === null ? null : secondTry(first, tried.stderr);
  if (second !== null && !life.stopping) {
    await life.detached?.close();
    if (second.conversation.how === "resume")
      reader.change((state) => ({ ...state, conversation: second.conversation.id }));
    tried = await attempt(life, second.conversation);
    if (tried === null && second.warning !== null)
      await reader.tell([{ fact: "notice", level: "warning", text: second.warning }]);
  }
  if (tried !== null) return tellFailure(life, tried.failed);
  if (life.detached === null || life.stopping) return;
  watchEnd(life);
  try {
    await reader.flushed();
  } catch (error) {
    if (!isStale(error)) throw error;
    await takeBack(life);
  }
};
