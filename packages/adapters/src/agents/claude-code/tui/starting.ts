/** From nothing to a TUI that is ready, or to one sentence that says why not. */
import { pause, isAdapterFailure, isHostAway, isStale, type Fact } from "@skein/sdk";
import {
  conversationOf,
  notInstalled,
  refusalOf,
  secondTry,
  type Conversation,
  type Refusal,
} from "../process.ts";
import { follow, letGo, wait, watchOver, type Life } from "./life.ts";
import { configFile, isSeeded } from "./preseed.ts";
import { realFolder, startProcess } from "./process.ts";
import { spoolDir } from "./spool.ts";
import { initialState, type State } from "./state.ts";
import { isUnanswered, unanswered } from "./unanswered.ts";

type StartFailed = Extract<Fact, { fact: "start-failed" }>;

const failure = (code: StartFailed["code"], { message, remedy }: Refusal): StartFailed => ({
  fact: "start-failed",
  code,
  message,
  remedy,
});

/** What a try came to: null when it is ready, or when someone stopped it meanwhile. */
type Tried = { readonly failed: StartFailed; readonly said: string } | null;

const tellFailure = async (life: Life, failed: StartFailed): Promise<void> => {
  if (life.over || life.stopping || life.closed) return;
  life.over = true;
  const { host } = life.context.backend;
  await host.sweep(life.owner);
  await life.reader.tell([failed]);
  letGo(life);
  await host.remove(life.context.dir);
};

/** The last words of a program that did not get as far as its hooks stand on its screen, and nowhere else. */
const lastWords = async ({ context, terminal }: Life): Promise<string> => {
  const screen = await context.backend.terminals.screen(terminal, 50).catch(() => null);
  const lines = (screen?.lines ?? []).map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("Pane is dead")).join("\n");
};

const untilEnded = async ({ context, terminal }: Life, ms: number): Promise<void> => {
  const { terminals, clock } = context.backend;
  const late = new AbortController();
  const cancel = clock.after(ms, () => late.abort());
  await terminals.ended(terminal, late.signal).catch(() => undefined);
  cancel();
};

/** What it was told before is not there: another Claude Code held the lock, or wrote its own over it. It asks whether the folder is trusted. */
const isForgotten = async ({ context }: Life): Promise<boolean> =>
  !(await isSeeded(context.backend, await realFolder(context)));

const untrusted = ({ context }: Life): Refusal => {
  const path = configFile(context.backend.env);
  return {
    message: `Claude Code asks first whether it may work in this folder: that it may could not be written into ${path}.`,
    remedy: `Perhaps another Claude Code holds ${path}.lock: try again, and remove that when none runs any more.`,
  };
};

const unready = async (life: Life, conversation: Conversation): Promise<Tried> => {
  const { context, terminal, owner } = life;
  const { terminals, host, timing } = context.backend;
  const seen = await terminals.look(terminal);
  // It may be as ready as can be: it is looked for when tmux answers.
  if (seen.liveness === "unknown") throw await unanswered(life);
  const said = await lastWords(life);
  if (seen.liveness !== "dead") {
    await host.sweep(owner);
    // Until its terminal knows that, it would be taken for running.
    await untilEnded(life, timing.graceMs);
    if (await isForgotten(life))
      return { failed: failure("backend_unavailable", untrusted(life)), said };
    const seconds = Math.round(timing.startMs / 1000);
    const message = `Claude Code did not get ready within ${seconds} s.`;
    const remedy = "Look at its terminal with `skein attach`, and start `claude` by hand there.";
    return { failed: failure("backend_unavailable", { message, remedy }), said };
  }
  const refusal = refusalOf(conversation, said, seen.exit?.exitCode ?? null);
  return { failed: failure("backend_unavailable", refusal), said };
};

const seedLookMs = 1_000;
const looksForSeed = 5;

const forgotten = async (life: Life, over: () => boolean): Promise<void> => {
  for (let look = 0; look < looksForSeed && !over(); look += 1) {
    await pause(life.context.backend.clock, seedLookMs);
    if (!over() && (await isForgotten(life))) return;
  }
  await pause(life.context.backend.clock, life.context.backend.timing.startMs);
};

/** Ready, or dead before that, or asking what it was told before, or late. */
const ready = async (life: Life): Promise<void> => {
  const { context, terminal } = life;
  const { terminals, timing } = context.backend;
  const watching = new AbortController();
  const ended = terminals.ended(terminal, watching.signal).then(
    () => undefined,
    () => pause(context.backend.clock, timing.startMs),
  );
  const isReady = (state: State): boolean => state.ready;
  const isOver = (): boolean => watching.signal.aborted || life.reader.state().ready;
  await Promise.race([wait(life, timing.startMs, isReady), ended, forgotten(life, isOver)]);
  watching.abort();
  // Dead at once, it may have got as far as its first hook.
  if (!life.reader.state().ready) await life.reader.caughtUp(500);
};

const attempt = async (life: Life, conversation: Conversation): Promise<Tried> => {
  const { context, reader } = life;
  const { command, host } = context.backend;
  if (command === null) return { failed: failure("backend_not_installed", notInstalled), said: "" };
  try {
    const spool = spoolDir(context.dir, reader.state().attempt);
    const look = await startProcess(context, command, conversation, spool);
    if (look.liveness === "unknown") throw await unanswered(life);
    if (life.stopping || life.closed) {
      await host.sweep(life.owner);
      return null;
    }
    life.process = look.process;
    if (!life.following) follow(life);
  } catch (error) {
    // Where nobody answers, nothing has failed: it is started when someone does.
    if (!isAdapterFailure(error) || isHostAway(error) || isUnanswered(error)) throw error;
    const { code, remedy } = error.failure;
    return { failed: failure(code, { message: error.message, remedy }), said: "" };
  }
  await ready(life);
  return reader.state().ready || life.stopping ? null : unready(life, conversation);
};

/** A stop overtook the start and found nothing to end; that it runs is refused now. Nobody else knows of this process. */
const takeBack = async (life: Life): Promise<void> => {
  const { context, owner } = life;
  letGo(life);
  context.log("info", "the generation was over before it began: its process is ended");
  await context.backend.host.sweep(owner);
};

/** Starts the TUI, a second time where the first refusal shows another way in; ends with `started` or `start-failed`. Rejects when its host is away, or tmux does not answer. */
export const startAnew = async (life: Life): Promise<void> => {
  const { context, reader } = life;
  const first = conversationOf(context);
  const known = first.how === "resume" ? first.id : null;
  reader.change(() => ({ ...initialState, conversation: known }));
  let tried = await attempt(life, first);
  for (let again = 0; again < 2 && tried !== null && (await isForgotten(life)); again += 1)
    tried = await attempt(life, first);
  const second = tried === null ? null : secondTry(first, tried.said);
  if (second !== null && !life.stopping) {
    const resumed = second.conversation.how === "resume" ? second.conversation.id : known;
    reader.change(() => ({ ...initialState, attempt: 2, conversation: resumed }));
    tried = await attempt(life, second.conversation);
    if (tried === null && second.warning !== null)
      await reader.tell([{ fact: "notice", level: "warning", text: second.warning }]);
  }
  if (tried !== null) return tellFailure(life, tried.failed);
  if (life.process === null || life.stopping || life.closed) return;
  watchOver(life);
  try {
    await reader.flushed();
  } catch (error) {
    if (!isStale(error)) throw error;
    await takeBack(life);
  }
};
